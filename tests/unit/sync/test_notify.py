"""The email: it tells the outcome, carries no personal data, and never changes anything."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from connector.errors import ConnectorError, RequestRefused, ServiceUnavailable
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.run import Run, Stage
from connector.model.summary import Summary, message_of, outcome_of
from connector.sync.notify import compose, notify
from connector.sync.report import by_object, write_report
from tests.unit.sync.people import people
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun


class Mailbox:
    """Keeps what is sent, or fails."""

    def __init__(self, failure: ConnectorError | None = None) -> None:
        self.messages: list[EmailMessage] = []
        self.refused: list[str] = []
        self._failure = failure

    def check(self) -> None:
        raise NotImplementedError

    def send(self, message: EmailMessage) -> Sequence[str]:
        if self._failure:
            raise self._failure
        self.messages.append(message)
        return self.refused


@pytest.fixture
def summary(run: Run) -> Summary:
    counts = {"Account": EntityCounts(read=12345, created=12340, held=5)}
    ended = run.started_at + timedelta(seconds=61)
    return Summary(run, RunOutcome.COMPLETED_WITH_ERRORS, None, "some were held", ended, counts)


def parts_of(message: EmailMessage) -> tuple[str, str]:
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    plain, html = (str(body.get_content()) for body in bodies if isinstance(body, EmailMessage))
    return plain, html


def test_the_outcome_stands_in_subject_text_and_page(summary: Summary) -> None:
    mailbox = Mailbox()
    told = notify(replace(summary, report_url="https://org/x"), ["a@x.nz", "b@x.nz"], "c@x.nz", mailbox)
    assert told == "sent"
    (message,) = mailbox.messages
    assert message["Subject"] == "Initial synchronisation completed with errors - 61668309"
    assert (message["From"], message["To"]) == ("c@x.nz", "a@x.nz, b@x.nz")
    plain, html = parts_of(message)
    assert "has ended: completed with errors.\nsome were held\n\n" in plain
    assert "12,345" in plain
    assert "12,345" in html
    assert "Full report in Salesforce: https://org/x\n" in plain
    assert "failed at the stage" not in plain + html


def test_a_failed_run_names_its_stage(summary: Summary) -> None:
    failed = replace(summary, outcome=RunOutcome.FAILED, stage=Stage.UPSERT)
    plain, html = parts_of(compose(failed, ["a@x.nz"], "c@x.nz"))
    assert "It failed at the stage: upsert." in plain
    assert "It failed at the stage: upsert." in html
    assert "Full report in Salesforce: none" in plain


@pytest.mark.parametrize(
    "failure", [ServiceUnavailable("The mail server is away."), RequestRefused("No such mailbox.")]
)
def test_an_undeliverable_email_is_told_and_raises_nothing(summary: Summary, failure: ConnectorError) -> None:
    assert notify(summary, ["a@x.nz"], "c@x.nz", Mailbox(failure)) == f"not sent: {failure.message}"


def test_who_was_not_reached_is_named(summary: Summary) -> None:
    mailbox = Mailbox()
    mailbox.refused = ["b@x.nz"]
    told = notify(summary, ["a@x.nz", "b@x.nz"], "c@x.nz", mailbox)
    assert told == "sent, but the mail server refused 1 of 2: b@x.nz"


def test_without_recipients_or_a_mail_server_nothing_is_sent(summary: Summary) -> None:
    mailbox = Mailbox()
    assert notify(summary, [], "c@x.nz", mailbox) == "not sent: the instance names no recipients"
    assert notify(summary, ["a@x.nz"], "c@x.nz", None) == "not sent: no mail server is set"
    assert mailbox.messages == []


def test_no_personal_data_is_in_the_email(
    whole: WholeRun, stage_gentrack: Callable[..., None], tmp_path: Path
) -> None:
    personal = {
        "forename": "Ngaire",
        "surname": "Wikitoria",
        "name": "Ngaire Wikitoria",
        "preferredName": "x" * 300,
    }
    stage_gentrack(
        accounts=[account(1)],
        customers=[customer(7, email="ngaire at home", **personal)],
        accountCustomers=[link(1, 1, 7)],
    )
    whole.org.refused["A1"] = "STRING_TOO_LONG:Name: data value too large: Ngaire Wikitoria:Name --"
    whole.plan()
    whole.load()
    entities = by_object(people(), whole.settle())
    outcome = outcome_of(entities, ())
    summary = Summary(whole.run, outcome, None, message_of(outcome, entities), whole.run.started_at, entities)
    told = write_report(whole.run, people(), summary, whole.workspace, tmp_path)
    assert told.errors_file
    assert "Ngaire" in Path(told.errors_file).read_text("utf-8")
    mail = compose(told, ["a@x.nz"], "c@x.nz").as_string()
    for word in ("Ngaire", "Wikitoria", "at home"):
        assert word not in mail
