"""A batch is sent: every row gets an outcome, whatever Salesforce does to its jobs."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from connector.entities import entity
from connector.errors import CountsDisagree, JobFailed
from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec
from connector.model.batch import Batch
from connector.model.outcome import EntityCounts
from connector.model.run import Run
from connector.sync import bulk_job, folders
from connector.sync.budget import Budget
from connector.sync.pace import Pace
from connector.sync.sending import Sending
from connector.sync.staged_sql import Workspace
from connector.sync.upsert import Upsert
from tests.unit.sync.ledger_twin import LedgerTwin
from tests.unit.sync.org_twin import Job, OrgTwin

CONTACT, RELATION = entity("contact"), entity("account_contact_relation")
Row = dict[str, Any]


def contact(number: int, operation: str = "create", **changed: Any) -> Row:
    outcome = {"create": "created", "update": "updated", "adopt": "created", "none": "unchanged"}[operation]
    row = {"row": number, "key": f"C{number}", "operation": operation, "outcome": outcome}
    return row | {"t.LastName": f"Family{number}"} | changed


class Site:
    """The two twins, and a batch to send from one to the other."""

    def __init__(self, run: Run, workspace: Workspace) -> None:
        told: list[str] = []
        self.run, self.workspace = run, workspace
        self.org, self.ledger, self.pauses = OrgTwin(told), LedgerTwin(told), list[float]()
        self.budget: Budget | None = None
        self.pace = Pace()

    def misread_keys(self, wrong: str, right: str) -> None:
        """Let the org answer for another row than the one it was sent."""
        process = self.org._process

        def misread(job: Job, row: dict[str, str]) -> None:
            process(job, {name: value.replace(right, wrong) for name, value in row.items()})

        self.org._process = misread  # type: ignore[method-assign]

    def staged(self, spec: EntitySpec, rows: list[Row]) -> Batch:
        names = ["key", "salesforce_id", "operation", *named.VERDICT]
        names += [f"parent.{p.field}" for p in spec.parents] + [f"t.{f.api_name}" for f in spec.fields]
        names += [f"given.parent.{p.field}" for p in spec.fillable_parents]
        kinds: dict[str, pa.DataType] = {"row": pa.int64(), "linked": pa.bool_()}
        schema = pa.schema(kinds | dict.fromkeys(names, pa.string()))
        folder = folders.lined_up(self.run, spec.name)
        return self.workspace.staging.write(spec.name, 3, folder, pa.Table.from_pylist(rows, schema))

    def send(self, spec: EntitySpec, rows: list[Row], *, resend_rounds: int = 3) -> EntityCounts:
        described = self.org.describe(spec.salesforce_object)
        sender = Upsert(
            self.run,
            spec,
            described,
            self.org,
            self.ledger,
            self.workspace.staging,
            Sending(resend_rounds, self.pauses.append, self.budget, self.pace),
            {},
        )
        return sender.send(self.staged(spec, rows))

    def results(self, spec: EntitySpec) -> pd.DataFrame:
        parts = self.workspace.staging.parts(folders.result(self.run, spec.name))
        assert [part.number for part in parts] == [3]
        return self.workspace.staging.read(parts[0].path).to_pandas().set_index("key")


@pytest.fixture
def site(run: Run, workspace: Workspace) -> Site:
    return Site(run, workspace)


def test_creations_and_updates_go_in_jobs_of_their_own(site: Site) -> None:
    there = site.org.add("AccountContactRelation", Gentrack_External_Id__c="A1:C1", EndDate="2020-01-01")
    site.org.add("Account", Gentrack_External_Id__c="A1")
    site.org.add("Contact", Gentrack_External_Id__c="C2")
    ended: dict[str, Any] = {"t.LastName": None, "t.IsActive": "false"}
    new: dict[str, Any] = {
        "parent.AccountId": "A1",
        "parent.ContactId": "C2",
        "t.Roles": "Main",
        "t.IsActive": "true",
    }
    counts = site.send(
        RELATION,
        [
            contact(0, "update", key="A1:C1", salesforce_id=there, **ended),
            contact(1, key="A1:C2", **(new | {"t.LastName": None})),
        ],
    )
    assert (counts.read, counts.created, counts.updated) == (2, 1, 1)
    assert [(j.request.operation, len(j.rows)) for j in site.org.jobs] == [("upsert", 1), ("update", 1)]
    assert site.org.by_key("AccountContactRelation", "A1:C1")["EndDate"] is None
    made = site.org.by_key("AccountContactRelation", "A1:C2")
    assert made["AccountId"] == site.org.by_key("Account", "A1")["Id"]
    results = site.results(RELATION)
    assert results.loc["A1:C1", "salesforce_id"] == there
    assert results.loc["A1:C2", "salesforce_id"] == made["Id"]
    assert list(results.loc[["A1:C2", "A1:C1"], "job"]) == [job.id for job in site.org.jobs]


def test_a_parent_is_given_to_a_record_that_lacks_one_and_left_alone_elsewhere(site: Site) -> None:
    home = site.org.add("Account", Gentrack_External_Id__c="A1")
    lone, settled = site.org.add("Contact"), site.org.add("Contact", AccountId="001-theirs")
    rows = [
        contact(1, "update", salesforce_id=lone, **{"given.parent.AccountId": "A1"}),
        contact(2, "update", salesforce_id=settled, **{"parent.AccountId": "A1"}),
    ]
    assert site.send(CONTACT, rows) == EntityCounts(read=2, updated=2)
    contacts = site.org.records["Contact"]
    assert [contacts[i]["AccountId"] for i in (lone, settled)] == [home, "001-theirs"]


def test_a_job_is_kept_before_its_data_is_committed_and_counted_after(site: Site) -> None:
    site.org.refused["C1"] = "DUPLICATES_DETECTED:Use one of these records?:--"
    site.send(CONTACT, [contact(0), contact(1)])
    job = site.org.jobs[0].id
    assert site.org.told == [f"created {job}", f"kept {job}", f"committed {job}"]
    assert site.ledger.states[job] == ["committing", "committed", "JobComplete"]
    assert (site.ledger.rows[job], site.ledger.counted[job]) == (2, (1, 1, 0))
    assert site.ledger.finished["contact", 3] == EntityCounts(read=2, created=1, rejected=1)


def test_answers_are_joined_by_key_whatever_their_order_and_letter_case(site: Site) -> None:
    there = site.org.add("Contact", Gentrack_External_Id__c="lEg-1")
    counts = site.send(CONTACT, [contact(0), contact(1, key="LEG-1"), contact(2)])
    assert (counts.created, counts.updated) == (2, 1)
    results = site.results(CONTACT)
    assert results.loc["LEG-1", "salesforce_id"] == there
    assert list(results["row"]) == [0, 1, 2]


def test_a_refused_row_is_rejected_with_code_field_and_reason(site: Site) -> None:
    site.org.refused["C1"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION:No: not,\nlike this:Phone --"
    site.send(CONTACT, [contact(0), contact(1)])
    row = site.results(CONTACT).loc["C1"]
    assert tuple(row[["outcome", "code", "field"]]) == (
        "rejected",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "Phone",
    )
    assert row["reason"] == "Salesforce refused it: No: not,\nlike this"
    assert "validation rule" in row["todo"]


def test_nothing_is_sent_where_nothing_changed(site: Site) -> None:
    counts = site.send(CONTACT, [contact(n, "none", salesforce_id=f"003{n}") for n in range(3)])
    assert counts == EntityCounts(read=3, unchanged=3)
    assert site.org.jobs == []
    assert list(site.results(CONTACT)["salesforce_id"]) == ["0030", "0031", "0032"]


def test_a_held_row_is_not_sent_and_keeps_its_reason(site: Site) -> None:
    verdict = {"outcome": "held", "code": "PARENT_REFUSED", "reason": "Its account is not there."}
    counts = site.send(CONTACT, [contact(0), contact(1, "none", **verdict)])
    assert (counts.created, counts.held) == (1, 1)
    assert site.results(CONTACT).loc["C1", "reason"] == "Its account is not there."


def test_locked_rows_are_sent_again_alone_in_smaller_jobs(site: Site) -> None:
    site.org.locked = {f"C{n}": 2 for n in range(600)}
    counts = site.send(CONTACT, [contact(n) for n in range(1000)])
    assert counts == EntityCounts(read=1000, created=1000)
    assert [len(job.rows) for job in site.org.jobs] == [1000, 250, 200, 150, 200, 200, 200]
    assert site.pauses == [2.0, 4.0]
    assert set(site.results(CONTACT)["code"].isna()) == {True}


def test_a_lock_that_outlasts_the_rounds_is_failed(site: Site) -> None:
    site.org.locked = {"C1": 99}
    counts = site.send(CONTACT, [contact(0), contact(1)], resend_rounds=2)
    assert counts == EntityCounts(read=2, created=1, failed=1)
    row = site.results(CONTACT).loc["C1"]
    assert (row["outcome"], row["code"]) == ("failed", "UNABLE_TO_LOCK_ROW")
    assert len(site.org.jobs) == 3


def test_without_rounds_a_locked_row_is_failed_at_once(site: Site) -> None:
    site.org.locked = {"C1": 1}
    assert site.send(CONTACT, [contact(1)], resend_rounds=0).failed == 1
    assert site.pauses == []


def test_a_row_that_was_locked_and_then_refused_is_rejected(site: Site) -> None:
    site.org.locked = {"C1": 1}
    site.org.refused["C1"] = "DUPLICATE_VALUE:x:--"
    assert site.send(CONTACT, [contact(1)]).rejected == 1


def test_rows_that_salesforce_did_not_come_to_are_sent_again(site: Site) -> None:
    site.org.left = {"C1"}
    counts = site.send(CONTACT, [contact(0), contact(1)], resend_rounds=1)
    assert counts == EntityCounts(read=2, created=1, failed=1)
    assert site.ledger.counted[site.org.jobs[0].id] == (1, 0, 1)
    assert [len(job.rows) for job in site.org.jobs] == [2, 1]
    row = site.results(CONTACT).loc["C1"]
    assert row["code"] == "UNPROCESSED"
    assert "Salesforce did not come to it" in row["reason"]


def test_a_job_that_locks_made_fail_is_sent_again_in_smaller_ones(site: Site) -> None:
    site.org.failing_jobs[0] = "TooManyLockFailure : Too many lock failure 200. Trying again later."
    assert site.send(CONTACT, [contact(n) for n in range(500)]) == EntityCounts(read=500, created=500)
    assert [len(job.rows) for job in site.org.jobs] == [500, 200, 200, 100]


def test_a_job_that_can_not_be_run_fails_with_salesforces_own_words(site: Site) -> None:
    site.org.failing_jobs[0] = "InvalidBatch : Field name not found : Fax"
    with pytest.raises(
        JobFailed, match=r"upsert job 750.* of Contact: InvalidBatch : Field name not found : Fax"
    ) as e:
        site.send(CONTACT, [contact(0), contact(1, "none")])
    assert e.value.job_id == site.org.jobs[0].id
    assert list(site.results(CONTACT).index) == ["C1"]
    assert site.ledger.finished == {}


def test_a_job_that_fails_later_does_not_lose_what_earlier_ones_answered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_job, "LARGEST_UPLOAD", 100)
    site.org.failing_jobs[1] = "ExceededQuota : no more batches today"
    with pytest.raises(JobFailed):
        site.send(CONTACT, [contact(n) for n in range(6)])
    results = site.results(CONTACT)
    assert set(results["outcome"]) == {"created"}
    assert list(results.index) == [row["Gentrack_External_Id__c"] for row in site.org.jobs[0].rows]


def test_rows_that_can_not_be_sent_again_stay_failed_and_the_run_goes_on(site: Site) -> None:
    site.org.locked = {"C1": 1}
    site.org.failing_jobs[1] = "InvalidBatch : Field name not found : Fax"
    assert site.send(CONTACT, [contact(0), contact(1)]) == EntityCounts(read=2, created=1, failed=1)
    assert site.results(CONTACT)["outcome"].to_dict() == {"C0": "created", "C1": "failed"}


@pytest.mark.parametrize("fault", ["lost", "strange"])
def test_rows_without_an_answer_are_an_error_and_not_a_guess(site: Site, fault: str) -> None:
    if fault == "lost":
        site.org.forgotten = {"C1"}
    else:
        site.misread_keys("C9", "C1")
    with pytest.raises(CountsDisagree, match=r"2 rows went into job .* not for 1 of those sent"):
        site.send(CONTACT, [contact(0), contact(1)])


def test_a_record_that_the_platform_made_counts_as_created(site: Site) -> None:
    born = site.org.add("AccountContactRelation", AccountId="001", ContactId="003")
    row = contact(0, key="A1:C1", salesforce_id=born, operation="adopt")
    counts = site.send(RELATION, [row | {"t.Roles": "Main", "t.IsActive": "true"}])
    assert counts == EntityCounts(read=1, created=1)
    assert site.org.jobs[0].request.operation == "update"
    assert site.org.by_key("AccountContactRelation", "A1:C1")["Roles"] == "Main"


def test_an_adoption_that_salesforce_refuses_is_not_created(site: Site) -> None:
    born = site.org.add("AccountContactRelation", AccountId="001", ContactId="003")
    site.org.refused["A1:C1"] = "ENTITY_IS_DELETED:entity is deleted:--"
    row = contact(0, key="A1:C1", salesforce_id=born, operation="adopt")
    assert site.send(RELATION, [row]) == EntityCounts(read=1, rejected=1)


def test_a_csv_that_is_too_large_goes_in_several_jobs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_job, "LARGEST_UPLOAD", 200)
    counts = site.send(CONTACT, [contact(n) for n in range(20)])
    assert counts == EntityCounts(read=20, created=20)
    assert all(len(job.content) <= 200 for job in site.org.jobs)
    assert sum(len(job.rows) for job in site.org.jobs) == 20


def test_a_row_that_is_too_large_by_itself_is_left_to_salesforce(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_job, "LARGEST_UPLOAD", 20)
    assert site.send(CONTACT, [contact(0)]) == EntityCounts(read=1, created=1)


def test_no_csv_stays_behind(site: Site, run: Run) -> None:
    site.org.failing_jobs[0] = "no"
    with pytest.raises(JobFailed):
        site.send(CONTACT, [contact(0)])
    left: list[Path] = list(site.workspace.staging.local(folders.working(run)).iterdir())
    assert left == []
