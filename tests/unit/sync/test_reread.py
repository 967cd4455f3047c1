"""A retry's Gentrack side: the earlier run's, with what changed since and without what is gone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from connector.entities import registry
from connector.entities.resources import ACCOUNTS, CUSTOMERS, PRICE_PLANS
from connector.model.run import Run
from connector.model.scope import Scope
from connector.sync import folders
from connector.sync.refused import REREAD_AT_MOST, ids_to_reread
from connector.sync.reread import reread
from connector.sync.staged_sql import Workspace
from tests.unit.sync.sync_records import account, customer

SINCE = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


class Changed:
    """A Gentrack source of which these records changed."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self._records = records
        self.asked: tuple[str, datetime, Sequence[int]] | None = None

    def check(self) -> None: ...

    def now(self) -> None: ...

    def pages(self, resource: str, row_type: pa.StructType) -> Iterator[pa.Table]:
        raise NotImplementedError

    def lacking(self, resource: str, column: str, values: Sequence[str]) -> list[str]:
        raise NotImplementedError

    def count(self, resource: str) -> int | None:
        raise NotImplementedError

    def changed(
        self, resource: str, row_type: pa.StructType, since: datetime, ids: Sequence[int]
    ) -> Iterator[pa.Table]:
        self.asked = (resource, since, ids)
        for record in self._records:
            yield pa.Table.from_pylist([record], pa.schema(list(row_type)))


@pytest.fixture
def again(run: Run) -> Run:
    return replace(run, id="run-2", scope=Scope(retry_of=run.id))


def names(workspace: Workspace, run: Run) -> dict[int, str]:
    parts = workspace.staging.parts(folders.gentrack(run, "customers"))
    rows = [row for part in parts for row in workspace.staging.read(part.path).to_pylist()]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row["name"] for row in rows}


def test_it_is_the_earlier_runs_with_what_changed_and_without_what_is_gone(
    run: Run, again: Run, workspace: Workspace, stage_gentrack: Callable[..., None]
) -> None:
    stage_gentrack(customers=[customer(number) for number in (1, 2, 3)])
    source = Changed(customer(2, name="Mended"), customer(9, name="New"))
    for _ in range(2):
        rows = reread(again, run, CUSTOMERS, source, workspace, since=SINCE, ids=[2, 3])
        assert rows == 2
        assert names(workspace, again) == {1: "Given1 Family1", 2: "Mended", 9: "New"}
    assert source.asked == ("customers", SINCE, [2, 3])


def test_where_nothing_changed_it_is_the_earlier_runs(
    run: Run, again: Run, workspace: Workspace, stage_gentrack: Callable[..., None]
) -> None:
    stage_gentrack(accounts=[account(1)])
    assert reread(again, run, ACCOUNTS, Changed(), workspace, since=SINCE, ids=[]) == 0
    before, after = (workspace.staging.parts(folders.gentrack(each, "accounts")) for each in (run, again))
    assert workspace.staging.read(after[0].path).equals(workspace.staging.read(before[0].path))


def test_refused_records_are_read_again_in_their_own_resource_and_not_if_they_are_many(
    again: Run, workspace: Workspace
) -> None:
    def refuse(entity: str, ids: Sequence[int]) -> None:
        table = pa.table({"key": [f"K{number}" for number in ids], "id": [str(number) for number in ids]})
        workspace.staging.write(entity, 0, folders.refused(again, entity), table)

    for entity, ids in {"contact": [4, 3, 4], "account": [8], "product": [1], "pricebook_entry": [2]}.items():
        refuse(entity, ids)
    assert ids_to_reread(again, registry(), CUSTOMERS, workspace.staging) == [3, 4]
    assert ids_to_reread(again, registry(), PRICE_PLANS, workspace.staging) == [1, 2]
    refuse("contact", range(REREAD_AT_MOST + 1))
    assert ids_to_reread(again, registry(), CUSTOMERS, workspace.staging) == []
