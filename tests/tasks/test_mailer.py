"""A mail server that is away, silent or unwilling never holds a run up, and is told for what it is."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from connector.errors import RequestRefused, ServiceUnavailable
from connector.settings import EmailSettings
from deployments.ports import choose_port
from tasks import mail
from tasks.mail import PrefectMailer


def mailer(port: int) -> PrefectMailer:
    return PrefectMailer(
        EmailSettings(host="127.0.0.1", port=port, security="INSECURE", sender="connector@example.com")
    )


@pytest.fixture
def email() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "connector@example.com", "operator@example.com"
    message.set_content("The outcome.")
    return message


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class _KnowsNobody:
    async def handle_RCPT(self, *_: Any) -> str:  # noqa: N802 - aiosmtpd's name
        return "550 no such mailbox"


class _KnowsOnlyTheOperator:
    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if not address.startswith("operator@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802
        return "250 OK"


@contextmanager
def mail_server(handler: Any) -> Iterator[int]:
    server = Controller(handler, hostname="127.0.0.1", port=choose_port(0, what="a mail server"))
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


@pytest.fixture
def unwilling_port() -> Iterator[int]:
    with mail_server(_KnowsNobody()) as port:
        yield port


def test_an_address_that_is_refused_beside_others_is_told(email: EmailMessage) -> None:
    with mail_server(_KnowsOnlyTheOperator()) as port:
        assert mailer(port).send(email) == []
        del email["To"]
        email["To"] = "operator@example.com, gone@example.com"
        assert mailer(port).send(email) == ["gone@example.com"]


def test_a_silent_mail_server_is_given_up(
    silent_port: int, email: EmailMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "MAIL_SECONDS", 0.2)
    with pytest.raises(ServiceUnavailable, match=r"can't be reached: .*timed out"):
        mailer(silent_port).send(email)
    assert socket.getdefaulttimeout() is None


def test_refused_recipients_are_told_without_their_addresses(
    unwilling_port: int, email: EmailMessage
) -> None:
    with pytest.raises(RequestRefused, match="refused every recipient") as refused:
        mailer(unwilling_port).send(email)
    assert "example.com" not in str(refused.value)
