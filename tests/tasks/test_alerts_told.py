"""Whoever is on call has one email of a trouble and one of its end, whatever dies or is away in between."""

import email
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlmodel import update

from connector.errors import ServiceUnavailable
from connector.model.alert import AlertKind
from connector.model.change import Notice, NoticeSource, Reason, Side
from connector.ongoing import tell_on_call
from connector.ongoing_section import OngoingSection
from connector.settings import EmailSettings
from connector.store.alerts import SqlAlerts
from connector.store.ledger import SqlLedger, open_ledger
from connector.store.sessions import transaction
from connector.store.tables import DeadLetterRow
from connector.sync.ongoing.life.record import RecordOfLife
from deployments.ports import choose_port
from sandbox.mail.server import KeepingHandler
from tasks.mail import PrefectMailer

HERE = "61668309"
ACCOUNT = Notice(Side.GENTRACK, "accounts", "101")


class Killed(BaseException):
    """The process is gone; nothing catches this."""


class Watch:
    """An instance whose living run tells now and then how it stands, and a mailbox."""

    def __init__(self, ledger: SqlLedger, mailbox: Path) -> None:
        self.ledger, self.mailbox, self.keeping = ledger, mailbox, KeepingHandler(mailbox)
        self.port = choose_port(0, what="a mail server")
        self.settings = EmailSettings(
            host="127.0.0.1", port=self.port, security="INSECURE", sender="connector@example.com"
        )
        self.mailer = PrefectMailer(self.settings)
        self.events: list[tuple[str, AlertKind]] = []

    @contextmanager
    def mail_server(self) -> Iterator[None]:
        server = Controller(self.keeping, hostname="127.0.0.1", port=self.port)
        server.start()
        try:
            yield
        finally:
            server.stop()

    def tell(self, mailer: Any = None) -> str:
        recipients = SimpleNamespace(recipients=["on-call@example.com"])
        at: Any = SimpleNamespace(
            ledger=self.ledger,
            instance=SimpleNamespace(id=HERE, ongoing=OngoingSection(), email=recipients),
            settings=SimpleNamespace(email=self.settings),
        )
        standing = RecordOfLife(HERE).standing("listens", 0, None, 1)
        emit = lambda what, kind, told: self.events.append((what, kind))  # noqa: E731
        return tell_on_call(at, standing, "", mailer or self.mailer, emit)

    def a_dead_letter(self, *, hours: float) -> None:
        self.ledger.inbox.put(HERE, [ACCOUNT], NoticeSource.EVENT)
        (row,) = self.ledger.inbox.ready(HERE, 9)
        self.ledger.inbox.bury(HERE, row, Reason("CONFLICT", "both", "mend"))
        self.age(hours)

    def age(self, hours: float) -> None:
        with transaction(self.ledger._engine) as session:
            session.exec(update(DeadLetterRow).values(since=datetime.now(UTC) - timedelta(hours=hours)))
            session.commit()

    def mend(self) -> None:
        self.ledger.dead_letters.retry(HERE, [ACCOUNT])

    def subjects(self) -> list[str]:
        kept = sorted(self.mailbox.glob("*.eml"))
        return [str(email.message_from_bytes(one.read_bytes())["Subject"]) for one in kept]


NEEDS = f"Ongoing synchronisation needs somebody: dead letters - {HERE}"
RECOVERED = f"Ongoing synchronisation has recovered: dead letters - {HERE}"


@pytest.fixture
def watch(database_url: str, tmp_path: Path) -> Iterator[Watch]:
    ledger = open_ledger(database_url)
    yield Watch(ledger, tmp_path)
    ledger.close()


def test_a_dead_letter_that_ages_is_one_email_and_its_end_another(watch: Watch) -> None:
    with watch.mail_server():
        watch.a_dead_letter(hours=23)
        assert watch.tell() == ""
        watch.age(25)
        assert [watch.tell() for _ in range(3)] == ["sent", "", ""]
        assert watch.subjects() == [NEEDS]
        watch.mend()
        assert [watch.tell() for _ in range(3)] == ["sent", "", ""]
        assert watch.subjects() == [NEEDS, RECOVERED]
    assert watch.events == [("raised", AlertKind.DEAD_LETTERS), ("recovered", AlertKind.DEAD_LETTERS)]
    (first, second) = (one.read_text("utf-8") for one in sorted(watch.mailbox.glob("*.eml")))
    assert "1 of 1 dead letters are older than 24 hours: CONFLICT." in first
    assert "dead-letters list" in first
    assert "Nothing is to be done." in second


def test_a_mail_server_that_is_away_is_told_later_and_the_event_once(watch: Watch) -> None:
    watch.a_dead_letter(hours=25)
    assert all(watch.tell().startswith("not sent: The mail server can't be reached") for _ in range(2))
    with watch.mail_server():
        assert [watch.tell() for _ in range(2)] == ["sent", ""]
    watch.mend()
    assert all(watch.tell().startswith("not sent:") for _ in range(2))
    assert watch.ledger.alerts.standing(HERE) == []
    with watch.mail_server():
        assert [watch.tell() for _ in range(2)] == ["sent", ""]
    assert watch.subjects() == [NEEDS, RECOVERED]
    assert [what for what, _ in watch.events] == ["raised", "recovered"]


def test_of_what_recovers_before_anybody_was_told_nobody_is(watch: Watch) -> None:
    watch.a_dead_letter(hours=25)
    watch.tell()
    watch.mend()
    with watch.mail_server():
        assert watch.tell() == ""
    assert watch.subjects() == []
    assert [what for what, _ in watch.events] == ["raised", "recovered"]


def test_what_comes_back_before_its_end_was_told_is_still_the_same(watch: Watch) -> None:
    with watch.mail_server():
        watch.a_dead_letter(hours=25)
        watch.tell()
    watch.mend()
    watch.tell()
    watch.a_dead_letter(hours=25)
    with watch.mail_server():
        assert watch.tell() == ""
    assert watch.subjects() == [NEEDS]
    assert [what for what, _ in watch.events] == ["raised", "recovered", "raised"]


def test_a_process_that_dies_before_the_email_goes_out_leaves_it_to_the_next(watch: Watch) -> None:
    def killed(message: EmailMessage) -> list[str]:
        raise Killed

    watch.a_dead_letter(hours=25)
    with pytest.raises(Killed):
        watch.tell(SimpleNamespace(send=killed))
    with watch.mail_server():
        assert [watch.tell() for _ in range(2)] == ["sent", ""]
    assert watch.subjects() == [NEEDS]


def test_one_that_dies_after_it_tells_it_again(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise ServiceUnavailable("The ledger is away.")

    watch.a_dead_letter(hours=25)
    with watch.mail_server():
        with monkeypatch.context() as patched:
            patched.setattr(SqlAlerts, "told", away)
            with pytest.raises(ServiceUnavailable):
                watch.tell()
        assert [watch.tell() for _ in range(2)] == ["sent", ""]
    assert watch.subjects() == [NEEDS, NEEDS]
