"""What finally became of each row, however far the run came."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from connector.entities import entity
from connector.errors import JobFailed
from connector.model.outcome import EntityCounts
from connector.sync import folders
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun

ACCOUNT, CONTACT, RELATION = (entity(n) for n in ("account", "contact", "account_contact_relation"))


@pytest.fixture
def planned(whole: WholeRun, stage_gentrack: Callable[..., None]) -> WholeRun:
    """One account; C7 is fine, C8 has no address, and nobody stands behind the second relation."""
    stage_gentrack(
        accounts=[account(1)],
        customers=[customer(7), customer(8, email="nobody")],
        accountCustomers=[link(1, 1, 7), link(2, 1, 99)],
    )
    whole.plan()
    return whole


def test_before_there_is_a_plan_nothing_is_known(whole: WholeRun) -> None:
    assert whole.settle() == {
        "account": EntityCounts(),
        "contact": EntityCounts(),
        RELATION.name: EntityCounts(),
    }


def test_rows_that_were_planned_and_never_sent_are_failed_and_the_rest_keeps_its_verdict(
    planned: WholeRun,
) -> None:
    counts = planned.settle()
    assert counts["contact"] == EntityCounts(read=2, rejected=1, failed=1)
    assert counts[RELATION.name] == EntityCounts(read=2, held=1, failed=1)


def test_a_run_that_failed_in_upsert_keeps_what_was_loaded_before(planned: WholeRun) -> None:
    planned.load(ACCOUNT)
    planned.org.failing_jobs[1] = "ExceededQuota : nothing more today"
    with pytest.raises(JobFailed):
        planned.load(CONTACT)
    counts = planned.settle()
    assert counts["account"] == EntityCounts(read=1, created=1)
    assert counts["contact"] == EntityCounts(read=2, rejected=1, failed=1)


def test_what_verify_found_overrules_what_a_job_said(planned: WholeRun) -> None:
    planned.load()
    planned.org.remove("Contact", "C7")
    planned.verify()
    assert planned.settle()["contact"] == EntityCounts(read=2, rejected=1, failed=1)


def test_a_new_attempt_forgets_what_an_earlier_one_staged_after_its_plan(planned: WholeRun) -> None:
    planned.load()
    planned.verify()
    planned.plan()
    assert planned.settle()["account"] == EntityCounts(read=1, unchanged=1)
    assert planned.staged(folders.plan, "contact").loc["C7", "outcome"] == "unchanged"


@pytest.mark.parametrize("kind", ["doubled", "lost"])
def test_a_row_that_was_doubled_or_lost_on_the_way_does_not_add_up(planned: WholeRun, kind: str) -> None:
    """No stage does that; if one ever did, the run must not look clean."""
    planned.load()
    staging = planned.workspace.staging
    (part,) = staging.parts(folders.result(planned.run, "account"))
    rows = staging.read(part.path)
    nobody = pa.array([None], pa.string())
    if kind == "doubled":
        staging.write("account", 99, folders.result(planned.run, "account"), rows)
    else:
        rows = rows.set_column(rows.column_names.index("outcome"), "outcome", nobody)
        staging.write("account", part.number, folders.result(planned.run, "account"), rows)
    assert not planned.settle()["account"].adds_up
