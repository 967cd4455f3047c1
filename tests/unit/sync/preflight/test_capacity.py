"""How much there is, and whether the org has room for it."""

from datetime import UTC, datetime

from connector.model.finding import Severity
from connector.model.history import PastRun
from connector.model.outcome import EntityCounts
from connector.sync.preflight import LedgerView
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.preflight.subjects import Look, Tenant

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def told(found: Look, org: OrgTwin, where: str, **changed: object) -> list[str]:
    return [f.what for f in found(org, notes=True, **changed) if f.where == where]


def test_both_sides_are_counted(org: OrgTwin, found: Look) -> None:
    org.counts = {"Account": 1200}
    (what,) = told(found, org, "volumes")
    assert what == (
        "Records in Gentrack / in Salesforce: account 10 / 1,200, contact 12 / 0,"
        " account_contact_relation 13 / 0."
    )
    assert told(found, org, "volumes of Gentrack") == []


def test_an_api_that_does_not_count_is_known_by_the_last_run_or_not_at_all(org: OrgTwin, found: Look) -> None:
    counts = {"account": EntityCounts(read=70), "contact": EntityCounts(read=80)}
    run = PastRun("1", "61668309", "plan", NOW, NOW, "completed", None, "", {}, counts)
    ledger = LedgerView(held=lambda: (), past=lambda: (run,))
    (what,) = told(found, org, "volumes", gentrack=Tenant(), ledger=ledger)
    assert "account 70 / 0, contact 80 / 0, account_contact_relation ? / 0." in what
    (what,) = told(found, org, "volumes of Gentrack", gentrack=Tenant(), ledger=ledger)
    assert "records Gentrack has of account_contact_relation:" in what
    assert told(found, org, "estimate", gentrack=Tenant()) == []


def test_what_a_migration_may_take_is_told_without_a_plan(org: OrgTwin, found: Look) -> None:
    many = Tenant(counts={"accounts": 1_000_000, "customers": 1_000_000})
    org.limit = {"DataStorageMB": {"Max": 5_000, "Remaining": 3_000}}
    (what,) = told(found, org, "estimate", gentrack=many)
    assert "of the org: DailyApiRequests " in what
    assert "DataStorageMB 3,907" in what
    (finding,) = found(org, gentrack=many)
    assert (finding.severity, finding.where) == (Severity.ATTEST, "estimate of DataStorageMB")
    assert "may take 3,907 of DataStorageMB, and 3,000 are left." in finding.what


def test_storage_that_is_full_blocks(org: OrgTwin, found: Look) -> None:
    org.limit = {"DataStorageMB": {"Max": 5_000, "Remaining": 0}}
    assert (Severity.BLOCKING, "storage") in [(f.severity, f.where) for f in found(org)]
