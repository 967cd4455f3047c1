"""The report: every refused row with its source, the summary for people and for machines."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ServiceUnavailable
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.run import Stage
from connector.model.summary import Summary, message_of, outcome_of
from connector.sync.report import by_object, keep, publish, try_to_publish, write_report
from connector.sync.run_record import RUN_FIELDS
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.people import people
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun

AWKWARD = 'The "Old" House,\r\n1 High St\nPōneke'


@pytest.fixture
def reported(
    whole: WholeRun, stage_gentrack: Callable[..., None], tmp_path: Path
) -> tuple[WholeRun, Summary]:
    """A run with a row of each kind, its report written into the folder `report`."""
    stage_gentrack(
        accounts=[account(1), account(2), account(3)],
        customers=[
            customer(7, email="nobody", preferredName=AWKWARD),
            customer(8, number="C9"),
            customer(9),
            customer(10),
        ],
        accountCustomers=[link(1, 1, 7), link(2, 2, 10), link(3, 3, 99)],
    )
    whole.org.refused["A2"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION:No: not\nlike, this:Name --"
    whole.plan()
    whole.load()
    whole.verify()
    entities = by_object(people(), whole.settle())
    outcome = outcome_of(entities, ())
    ended = whole.run.started_at + timedelta(seconds=12.34)
    summary = Summary(whole.run, outcome, None, message_of(outcome, entities), ended, entities)
    return whole, write_report(whole.run, people(), summary, whole.workspace, tmp_path / "report")


def errors_of(summary: Summary) -> list[dict[str, str]]:
    assert summary.errors_file
    with Path(summary.errors_file).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_refused_row_stands_in_the_errors_with_its_source(reported: tuple[WholeRun, Summary]) -> None:
    whole, summary = reported
    rows = errors_of(summary)
    assert len(rows) == sum(counts.refused for counts in whole.settle().values())
    assert [(row["object"], row["external_id"], row["outcome"], row["code"]) for row in rows] == [
        ("Account", "A2", "rejected", "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        ("Contact", "C9", "rejected", "DUPLICATE_KEY"),
        ("Contact", "C9", "rejected", "DUPLICATE_KEY"),
        ("Contact", "C7", "rejected", "INVALID_EMAIL_ADDRESS"),
        ("Contact", "C10", "held", "PARENT_REFUSED"),
        ("AccountContactRelation", "A1:C7", "held", "PARENT_REFUSED"),
        ("AccountContactRelation", "A2:C10", "held", "PARENT_REFUSED"),
        ("AccountContactRelation", "A3:C99", "held", "PARENT_MISSING"),
    ]
    assert all(row["reason"] and row["what_to_do"] for row in rows)
    assert rows[0]["reason"] == "Salesforce refused it: No: not\nlike, this"


def test_the_source_row_is_json_as_gentrack_had_it(reported: tuple[WholeRun, Summary]) -> None:
    sources = [json.loads(row["source_row"]) for row in errors_of(reported[1]) if row["external_id"] == "C7"]
    assert sources[0]["preferredName"] == AWKWARD
    assert sources[0]["primaryContact.email"] == "nobody"
    assert sources[0]["title"] is None


def test_the_outcome_is_completed_with_errors_and_its_message_counts(
    reported: tuple[WholeRun, Summary],
) -> None:
    summary = reported[1]
    assert summary.outcome is RunOutcome.COMPLETED_WITH_ERRORS
    assert summary.message == "completed with errors: 2 created, 4 held, 4 rejected"
    assert summary.total == EntityCounts(read=10, created=2, held=4, rejected=4)


def test_a_run_without_a_plan_has_an_errors_file_with_its_header_only(
    whole: WholeRun, tmp_path: Path
) -> None:
    entities = by_object(people(), whole.settle())
    summary = Summary(
        whole.run, RunOutcome.FAILED, Stage.EXTRACT, "failed at extract: away", whole.run.started_at, entities
    )
    told = write_report(whole.run, people(), summary, whole.workspace, tmp_path)
    assert errors_of(told) == []
    page = (tmp_path / "summary.html").read_text("utf-8")
    assert "It failed at the stage: extract." in page


def test_the_page_escapes_what_systems_said(reported: tuple[WholeRun, Summary], tmp_path: Path) -> None:
    whole, summary = reported
    told = write_report(
        whole.run, people(), summary.told(message="<script>x</script>"), whole.workspace, tmp_path
    )
    assert told.report_file
    assert "<script>" not in Path(told.report_file).read_text("utf-8")


def test_the_summary_for_machines_has_these_keys_and_no_others(
    reported: tuple[WholeRun, Summary], tmp_path: Path
) -> None:
    keep(reported[1].told(email="sent"), tmp_path)
    kept: dict[str, Any] = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    assert list(kept) == [
        "outcome",
        "stage",
        "message",
        "run_id",
        "instance",
        "scope",
        "started_at",
        "seconds",
        "entities",
        "reasons",
        "report_url",
        "report_file",
        "errors_file",
        "email",
        "window",
        "write_back",
    ]
    assert (kept["outcome"], kept["seconds"]) == ("completed with errors", 12.3)
    assert list(kept["entities"]) == ["Account", "Contact", "AccountContactRelation"]
    names = ["read", "created", "updated", "unchanged", "held", "rejected", "failed"]
    assert all(list(counts) == names for counts in kept["entities"].values())
    assert [file.name for file in tmp_path.iterdir() if "unfinished" in file.name] == []


def test_the_runs_record_carries_counts_and_both_files(
    reported: tuple[WholeRun, Summary], tmp_path: Path
) -> None:
    whole, summary = reported
    told = publish(whole.run, summary, whole.org, tmp_path / "report")
    record = whole.org.run_records[whole.run.id]
    assert set(record) == RUN_FIELDS - {"Run_Id__c"}
    assert (record["Read__c"], record["Held__c"], record["Outcome__c"]) == (10, 4, "Completed with errors")
    assert record["Started_At__c"] == "2026-11-24T20:00:00.000+00:00"
    assert [title for _, title, _ in whole.org.files] == ["errors.csv", "summary.html"]
    assert told.report_url == "https://org.example/lightning/r/Gentrack_Sync_Run__c/a00000000000001AAA/view"


def test_a_report_published_again_has_each_file_once_as_it_is_by_then(
    reported: tuple[WholeRun, Summary], tmp_path: Path
) -> None:
    whole, summary = reported
    publish(whole.run, summary, whole.org, tmp_path / "report")
    (tmp_path / "report" / "errors.csv").write_text("of the attempt that was resumed")
    publish(whole.run, summary, whole.org, tmp_path / "report")
    assert [title for _, title, _ in whole.org.files] == ["errors.csv", "summary.html"]
    assert whole.org.files[0][2] == "of the attempt that was resumed"


def test_the_summary_groups_refused_rows_by_reason(reported: tuple[WholeRun, Summary]) -> None:
    reasons: Counter[tuple[str, str, str]] = Counter()
    for reason in reported[1].reasons:
        reasons[reason.sobject, reason.outcome, reason.code] += reason.rows
    assert reasons["Contact", "rejected", "DUPLICATE_KEY"] == 2
    assert reasons["AccountContactRelation", "held", "PARENT_REFUSED"] == 2
    assert sum(reasons.values()) == reported[1].total.refused


def test_a_report_that_salesforce_does_not_take_stays_here_and_says_so(
    reported: tuple[WholeRun, Summary], tmp_path: Path
) -> None:
    class Away(OrgTwin):
        def upsert_record(self, sobject: str, key_field: str, key: str, values: Any) -> str:
            raise ServiceUnavailable("Salesforce does not answer.")

    whole, summary = reported
    told = try_to_publish(whole.run, summary, Away(), tmp_path / "report")
    assert told.report_url is None
    assert told.message.endswith("The report is not in Salesforce: Salesforce does not answer.")
    assert told.outcome is summary.outcome
