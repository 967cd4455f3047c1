"""What can't be undone is told with the reason, and what came after a run is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from connector.model.finding import Finding, Severity
from connector.model.history import PastRun
from connector.model.scope import Scope
from connector.store.staging import FolderStaging
from connector.sync import folders
from connector.sync.before_images import as_imaged
from connector.sync.run_record import RUN_OBJECT
from connector.sync.undo.findings import undo_findings, undoable
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.people import people

BEGAN = datetime(2026, 11, 24, tzinfo=UTC)
Look = Callable[..., dict[str, Finding]]


def past(run_id: str, *, days: int = 0, mode: str = "initial", outcome: str | None = "completed") -> PastRun:
    began = BEGAN + timedelta(days=days)
    return PastRun(run_id, "1", mode, began, began, outcome, None, "", {}, {}, fingerprint="same")


@pytest.fixture
def staging(tmp_path: Path) -> FolderStaging:
    """Before-images of the run of interest: two accounts."""
    staging = FolderStaging(tmp_path)
    table = pa.table({"key": ["A1", "A2"], "s.Name": ["a", "b"], "t.Name": ["c", "d"]})
    staging.write("account", 0, folders.before("run-1", "account", 1), table)
    return staging


@pytest.fixture
def look(staging: FolderStaging) -> Look:
    def look(*runs: PastRun, org: OrgTwin | None = None) -> dict[str, Finding]:
        org = org or OrgTwin()
        org.described[RUN_OBJECT] = org.described["Account"]
        known = undoable("run-1", runs)
        found = undo_findings("run-1", known, people(), org, staging, fingerprint="same")
        return {finding.where: finding for finding in found}

    return look


def test_a_run_with_before_images_can_be_undone(look: Look) -> None:
    assert look(past("run-1"), past("run-0", days=-1), past("plan", days=1, mode="plan")) == {}


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (past("other"), "The ledger knows no such run"),
        (past("run-1", mode="plan"), "It is a run of mode plan"),
        (past("run-1", mode="undo"), "It is a run of mode undo"),
        (past("run-1", outcome=None), "It has not ended."),
    ],
)
def test_what_is_no_finished_run_is_told(look: Look, run: PastRun, told: str) -> None:
    found = look(run)["run run-1"]
    assert found.severity is Severity.BLOCKING
    assert found.what.startswith(told)


def test_a_run_without_before_images_is_told(look: Look, staging: FolderStaging) -> None:
    staging.clear(folders.before_images("run-1"))
    assert "It kept no before-images" in look(past("run-1"))["run run-1"].what


def test_later_runs_are_named(look: Look) -> None:
    pilot = replace(past("run-2", days=1), scope=Scope(sample=3))
    found = look(pilot, past("run-1"))["run run-2"]
    assert found.severity is Severity.NOTE
    assert found.what == "It came after, on 25 November 2026 at 00:00 UTC: pilot of a sample of 3 accounts."


def test_what_may_not_be_deleted_is_told_for_what_was_written_only(look: Look) -> None:
    org = OrgTwin()
    for sobject in ("Account", "Contact"):
        org.described[sobject] = replace(org.described[sobject], deletable=False)
    assert list(look(past("run-1"), org=org)) == ["Account"]


def test_another_mapping_is_attested_and_only_its_common_fields_are_undone(
    look: Look, staging: FolderStaging
) -> None:
    found = look(replace(past("run-1"), fingerprint="other"))["mapping of run run-1"]
    assert found.severity is Severity.ATTEST
    account, contact, _ = people()
    assert [field.api_name for field in as_imaged("run-1", account, staging).fields] == ["Name"]
    assert as_imaged("run-1", contact, staging) == contact
