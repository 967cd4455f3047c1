"""What the run itself stands on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from connector.errors import ServiceUnavailable
from connector.model.batch import Batch
from connector.model.finding import Severity, Side
from connector.model.window import Window, WindowState
from connector.store.staging import FolderStaging
from connector.sync.preflight import LedgerView, machine
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.preflight.subjects import Look, Postbox, instance

WINDOW = Window(1, "61668309", "run-9", WindowState.OPEN, False, datetime.now(UTC) + timedelta(hours=1))


def test_staging_that_can_not_be_written_blocks(org: OrgTwin, found: Look, tmp_path: Path) -> None:
    class Full(FolderStaging):
        def write(self, name: str, number: int, folder: str, table: pa.Table) -> Batch:
            raise OSError(28, "No space left on device")

    (finding,) = found(org, staging=Full(tmp_path / "staging"))
    assert (finding.severity, finding.where, finding.side) == (Severity.BLOCKING, "staging", Side.CONNECTOR)
    assert finding.what == "It can't be written and read: No space left on device."


def test_a_trial_leaves_nothing_and_a_full_disk_is_told(
    org: OrgTwin, found: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(org) == []
    assert not list((tmp_path / "staging").rglob("*.parquet"))
    monkeypatch.setattr(machine, "LEAST_BYTES", 1 << 60)
    (finding,) = found(org)
    assert "GiB are free where the run works" in finding.what


def test_windows_of_this_instance_and_of_others_on_the_same_org(org: OrgTwin, found: Look) -> None:
    other = replace(WINDOW, instance="2")
    strange = replace(WINDOW, instance="3")
    ledger = LedgerView(held=lambda: (WINDOW, other, strange), past=tuple)
    changed = {"ledger": ledger, "sharing_org": frozenset({"2"})}
    findings = [f for f in found(org, notes=True, **changed) if f.where == "windows"]
    assert [(f.severity, f.what.partition(":")[0][:40]) for f in findings] == [
        (Severity.NOTE, "Run run-9 holds this instance until " + f"{WINDOW.lease_until:%d %B}"[:4]),
        (Severity.BLOCKING, "Run run-9 of instance 2 holds the same o"),
    ]
    own = [f for f in found(org, notes=True, run_id="run-9", **changed) if f.where == "windows"]
    assert own == []


def test_a_ledger_that_is_away_is_told(org: OrgTwin, found: Look) -> None:
    def away() -> tuple[()]:
        raise ServiceUnavailable("The ledger's database can't be reached: refused.")

    (finding,) = found(org, ledger=LedgerView(held=away, past=tuple))
    assert (finding.where, finding.severity) == ("windows", Severity.ATTEST)


@pytest.mark.parametrize(
    ("changed", "severity", "what"),
    [
        ({"instance": instance(email={"recipients": []})}, Severity.NOTE, "Nobody is told by email."),
        ({"mailer": None}, Severity.NOTE, "No mail server is set"),
        (
            {"mailer": Postbox(ServiceUnavailable("It is away."))},
            Severity.ATTEST,
            "The outcome can't be sent",
        ),
    ],
)
def test_an_email_that_nobody_will_get(
    org: OrgTwin, found: Look, changed: dict[str, object], severity: Severity, what: str
) -> None:
    (finding,) = [f for f in found(org, notes=True, **changed) if f.where == "email"]
    assert finding.severity is severity
    assert finding.what.startswith(what)
