"""What stands in the way of a pilot or a retry is told before anybody is asked to confirm it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from connector.entities import registry
from connector.errors import GaveUp
from connector.model.finding import Finding, Severity
from connector.model.history import PastRun
from connector.model.outcome import EntityCounts
from connector.model.run import Run
from connector.model.scope import EVERYTHING, Scope
from connector.sync import folders
from connector.sync.scope_findings import pilot_findings, retry_findings
from connector.sync.staged_sql import Workspace
from tests.unit.sync.test_reread import Changed

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
LEFT = {"contact": EntityCounts(1, held=1)}
PAST = PastRun("run-0", "61668309", "initial", NOW, NOW, "completed with errors", None, "", {}, LEFT)


class Tenant(Changed):
    """Has the accounts 1 and 2, or is away."""

    def __init__(self, *, away: bool = False) -> None:
        super().__init__()
        self._away = away

    def lacking(self, resource: str, column: str, values: Sequence[str]) -> list[str]:
        if self._away:
            raise GaveUp("Gentrack stayed away.")
        assert (resource, column) == ("accounts", "number")
        return [value for value in values if value not in {"1", "2"}]


def found(scope: Scope, *, away: bool = False) -> list[Finding]:
    return pilot_findings(scope, registry(), Tenant(away=away))


def test_accounts_that_are_not_there_are_named_and_stop_the_run() -> None:
    (finding,) = found(Scope(accounts=("1", "3", "4")))
    assert finding.severity is Severity.BLOCKING
    assert "no account of 2 of the 3 numbers: 3, 4." in finding.what
    assert "dropped zeros" in finding.todo
    (finding,) = found(Scope(accounts=tuple(f"9{number}" for number in range(30))))
    assert finding.what.endswith(" and 10 more.")


@pytest.mark.parametrize("scope", [EVERYTHING, Scope(sample=5), Scope(accounts=("1", "2"))])
def test_nothing_stands_in_the_way_of_what_is_there(scope: Scope) -> None:
    assert found(scope) == []


def test_a_tenant_that_is_away_is_a_finding() -> None:
    (finding,) = found(Scope(accounts=("1",)), away=True)
    assert finding.what == "Gentrack stayed away."


@pytest.fixture
def retry(run: Run, workspace: Workspace) -> Run:
    """A retry of run-0, which has staged the plan of every entity."""
    for spec in registry():
        workspace.staging.write(spec.name, 0, folders.plan_in("run-0", spec.name), pa.table({"row": [0]}))
    return replace(run, scope=Scope(retry_of="run-0"))


def test_what_ended_and_left_something_can_be_retried(retry: Run, workspace: Workspace) -> None:
    assert retry_findings(retry, PAST, registry(), workspace.staging) == []


@pytest.mark.parametrize(
    ("past", "why", "todo"),
    [
        (None, "no run of the instance", "connector runs"),
        (replace(PAST, instance="61890020"), "no run of the instance", "connector runs"),
        (replace(PAST, mode="plan"), "no synchronisation", "start a new run"),
        (replace(PAST, outcome=None), "has not ended", "connector resume"),
        (replace(PAST, id="run-9"), "was purged", "start a new run"),
        (replace(PAST, counts={}), "left nothing", "nothing to do"),
    ],
)
def test_why_a_run_can_not_be_retried(
    retry: Run, workspace: Workspace, past: PastRun | None, why: str, todo: str
) -> None:
    (finding,) = retry_findings(retry, past, registry(), workspace.staging)
    assert finding.severity is Severity.BLOCKING
    assert why in finding.what
    assert todo in finding.todo


def test_a_run_that_planned_only_some_of_it_is_resumed(retry: Run, workspace: Workspace) -> None:
    workspace.staging.clear(folders.plan_in("run-0", "order"))
    (finding,) = retry_findings(retry, PAST, registry(), workspace.staging)
    assert "before it had planned everything" in finding.what
