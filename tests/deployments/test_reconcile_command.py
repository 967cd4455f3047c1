"""`connector reconcile`: its exit statuses, the same for a person and for a machine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.entities import registry
from connector.model.change import Notice, Side
from connector.model.window import ClosedBy
from connector.store.ledger import SqlLedger, open_ledger
from deployments.prefect_server import PrefectServer
from deployments.sandbox_instance import instance_settings, write_instance
from deployments.sandbox_process import Sandbox
from tests.deployments.test_command_line import connector

PRODUCT = {"id": 1, "code": "E1", "name": "Power", "family": "Electricity", "activeFl": "Y"}
PLAN = {"id": 7, "code": "P7", "name": "Day", "productId": 1, "productCode": "E1", "activeFl": "Y"}


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


def export(folder: Path, **records: Any) -> None:
    """Exports of a tenant that has these records by resource, and no others."""
    folder.mkdir(exist_ok=True)
    for spec in registry():
        for resource in spec.source.resources:
            schema = pa.schema(list(resource.row_type))
            table = pa.Table.from_pylist(records.get(resource.name, []), schema)
            pq.write_table(table, folder / f"{resource.name}.parquet")


@pytest.mark.stack
def test_its_status_says_whether_both_agree(
    tmp_path: Path, sandbox: Sandbox, prefect_server: PrefectServer, database_url: str, ledger: SqlLedger
) -> None:
    """Of a tenant and an org without a record, while a run holds them and after; then of a product."""
    settings = {
        **instance_settings(sandbox, tmp_path),
        "PREFECT_API_URL": prefect_server.api_url,
        "CONNECTOR_DATABASE_URL": database_url,
    }
    instance = write_instance(sandbox, tmp_path)
    file = tmp_path / "instances" / f"{instance}.toml"
    source = f'[gentrack]\nsource = "exports"\nexports = "{tmp_path / "exports"}"\n'
    file.write_text(file.read_text("utf-8").replace("[gentrack]\n", source) + '[window]\nevents = "manual"\n')
    export(tmp_path / "exports")
    reconcile = ("reconcile", "--instance", instance)

    holder = ledger.run_started("holder", instance, "initial")
    window = ledger.windows.reserve(holder, 60)
    held = connector(tmp_path, *reconcile, "--json", **settings)
    assert held.returncode == 1, held.stderr
    refused = json.loads(held.stdout)
    assert refused["stage"] == "preflight"
    assert "is held by run holder, and changes while it is compared" in refused["message"]
    with ledger.windows.closing(window) as closing:
        assert closing
        closing.closed(ClosedBy.PERSON, "so", completed=False)

    agree = connector(tmp_path, *reconcile, **settings)
    assert agree.returncode == 0, agree.stderr
    assert "completed" in agree.stdout

    export(tmp_path / "exports", products=[PRODUCT], pricePlans=[PLAN])
    differ = connector(tmp_path, *reconcile, "--repair", "--json", **settings)
    assert differ.returncode == 3, differ.stderr
    told = json.loads(differ.stdout)
    assert told["outcome"] == "completed with errors"
    assert Path(told["errors_file"]).exists()
    noticed = [row.notice for row in ledger.inbox.ready(instance, 9)]
    assert noticed == [Notice(Side.GENTRACK, "pricePlans", "7")]
