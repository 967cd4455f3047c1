"""An entity is one file: put into the registry's folder, it flows from extract to report by itself."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import connector.entities
from connector.entities import registry
from connector.mapping.vocabulary import EntitySpec
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.run import Run
from connector.model.summary import Summary, message_of
from connector.sync.extract import extract_gentrack
from connector.sync.report import by_object, write_report
from connector.sync.staged_sql import Workspace
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.people import people
from tests.unit.sync.sync_records import account
from tests.unit.sync.test_extract import Tenant
from tests.unit.sync.whole_run import WholeRun

THE_FILE = '''
"""Meter__c: what measures at an account's premises, by its serial number."""

import pyarrow as pa

from connector.mapping.vocabulary import EntitySpec, Field, FieldType, Master, Parent, Resource, SourceView

_METERS = Resource(
    "meters",
    pa.struct(
        [
            ("id", pa.int64()),
            ("serial", pa.string()),
            ("accountNumber", pa.string()),
            ("installedDt", pa.string()),
            ("phases", pa.int64()),
        ]
    ),
)
SPEC = EntitySpec(
    name="meter",
    salesforce_object="Meter__c",
    key=("serial",),
    parents=(Parent("AccountId", "account", "accountNumber"),),
    lock_parent="AccountId",
    source=SourceView(resources=(_METERS,), sql="SELECT * FROM meters"),
    fields=(
        Field("Name", "serial", FieldType.TEXT, Master.GENTRACK),
        Field("Installed__c", "installedDt", FieldType.DATE, Master.GENTRACK),
        Field("Phases__c", "phases", FieldType.NUMBER, Master.GENTRACK, scale=0),
    ),
)
'''


def meter(number: int, **changed: Any) -> dict[str, Any]:
    """The seed recipe of the new entity."""
    return {
        "id": number,
        "serial": f"M{number}",
        "accountNumber": "A1",
        "installedDt": "2020-02-29",
        "phases": 3,
    } | changed


class ByResource(Tenant):
    """A Gentrack tenant with the records that are given for each resource, two a page."""

    def __init__(self, **resources: list[dict[str, Any]]) -> None:
        super().__init__()
        self.resources: Mapping[str, list[dict[str, Any]]] = resources

    def pages(self, resource: str, row_type: pa.StructType) -> Iterator[pa.Table]:
        records = self.resources.get(resource, [])
        for start in range(0, len(records), 2):
            yield pa.Table.from_pylist(records[start : start + 2], pa.schema(list(row_type)))


@pytest.fixture
def with_meters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EntitySpec]:
    """The registry with one file more in its folder."""
    folder = tmp_path / "more entities"
    folder.mkdir()
    (folder / "meter.py").write_text(THE_FILE, "utf-8")
    monkeypatch.setattr(connector.entities, "__path__", [*connector.entities.__path__, str(folder)])
    registry.cache_clear()
    yield connector.entities.entity("meter")
    monkeypatch.undo()
    registry.cache_clear()


@pytest.fixture
def migrate(
    with_meters: EntitySpec, run: Run, workspace: Workspace, tmp_path: Path
) -> Callable[..., tuple[Summary, WholeRun]]:
    """Runs all the stages on records of a tenant, into one org."""
    org = OrgTwin()
    org.learn(with_meters, "a0M")

    def migrated(tenant: Tenant, run_id: str = "run-1") -> tuple[Summary, WholeRun]:
        whole = WholeRun(replace(run, id=run_id), workspace, (*people(), with_meters))
        whole.org = org
        for resource in {r.name: r for spec in whole.entities for r in spec.source.resources}.values():
            extract_gentrack(whole.run, resource, tenant, workspace.staging, batch_rows=workspace.batch_rows)
        whole.plan()
        whole.load()
        assert all(found.agrees for found in whole.verify().values())
        counts = by_object(whole.entities, whole.settle())
        told = message_of(RunOutcome.COMPLETED_WITH_ERRORS, counts)
        summary = Summary(
            whole.run, RunOutcome.COMPLETED_WITH_ERRORS, None, told, whole.run.started_at, counts
        )
        folder = tmp_path / "report" / run_id
        return write_report(whole.run, whole.entities, summary, workspace, folder), whole

    return migrated


def test_it_stands_in_the_registry_after_its_parents(with_meters: EntitySpec) -> None:
    names = [spec.name for spec in registry()]
    assert names.index("account") < names.index("meter")
    assert with_meters in registry()


def test_it_flows_from_extract_to_report(migrate: Callable[..., tuple[Summary, WholeRun]]) -> None:
    wrong = [meter(8, installedDt="the day before"), meter(9, accountNumber="A404")]
    tenant = ByResource(accounts=[account(1)], meters=[meter(1), meter(2, phases=None), meter(3), *wrong])
    summary, whole = migrate(tenant)
    assert summary.entities["Meter__c"] == EntityCounts(read=5, created=3, held=1, rejected=1)
    made = whole.org.by_key("Meter__c", "M1")
    assert (made["Name"], made["Installed__c"], made["Phases__c"]) == ("M1", "2020-02-29", "3")
    assert made["AccountId"] == whole.org.by_key("Account", "A1")["Id"]
    assert summary.errors_file is not None
    lines = Path(summary.errors_file).read_text("utf-8").splitlines()[1:]
    assert sorted(line.split(",")[:2] for line in lines) == [["Meter__c", "M8"], ["Meter__c", "M9"]]

    changed = [meter(1), meter(2, phases=1), meter(3), *wrong]
    summary, whole = migrate(ByResource(accounts=[account(1)], meters=changed), "run-2")
    counts = summary.entities["Meter__c"]
    assert (counts.updated, counts.unchanged, counts.created) == (1, 2, 0)
    assert whole.org.by_key("Meter__c", "M2")["Phases__c"] == "1"
