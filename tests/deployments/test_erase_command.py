"""`connector erase` waits for nobody: while somebody synchronises the person it says so, and erases after."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import InstanceInUse
from connector.model.audit import AuditAction
from connector.model.change import Reason
from connector.model.outcome import RowOutcome
from connector.model.sync_job import JobResult, SyncRequest
from connector.store.ledger import SqlLedger, open_ledger
from deployments.command_line import erase as command
from tasks.connection import close_connections
from tests.deployments.nowhere import ID, put_instance

PERSON = "00000106"
DONE = JobResult(RowOutcome.UNCHANGED, Reason("LINKED", "both sides have the same values"))


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[SqlLedger]:
    """Of an instance whose systems are not there; what is erased in them and in files is not looked at."""
    put_instance(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", database_url)
    monkeypatch.setattr(command, "_erased", lambda *_: [])
    opened = open_ledger(database_url)
    yield opened
    opened.close()
    close_connections()


def erased(ledger: SqlLedger) -> int:
    return [entry.action for entry in ledger.audit.entries(ID)].count(AuditAction.ERASED)


def test_a_person_whose_job_is_carried_out_is_erased_after_it(ledger: SqlLedger) -> None:
    request = SyncRequest("gentrack-to-salesforce", "contact", PERSON)
    ledger.sync_jobs.accept(ID, request, by="tests")
    (job,) = ledger.sync_jobs.take(1, timedelta(minutes=1))
    with pytest.raises(InstanceInUse, match=rf"contact {PERSON} is being synchronised.*nothing was erased"):
        command.erase(ID, "contact", PERSON, as_json=True)
    assert erased(ledger) == 0
    ledger.sync_jobs.finish(job.id, DONE)
    assert command.erase(ID, "contact", PERSON, as_json=True) == 0
    assert erased(ledger) == 1


def test_a_person_whom_a_round_has_is_erased_after_it(ledger: SqlLedger) -> None:
    with ledger.writers.writing(ID, "contact", [PERSON]) as had:
        assert had == {PERSON}
        with pytest.raises(InstanceInUse, match="Repeat this in a minute"):
            command.erase(ID, "contact", PERSON, as_json=True)
    assert erased(ledger) == 0
    assert command.erase(ID, "contact", PERSON, as_json=True) == 0
    assert erased(ledger) == 1
