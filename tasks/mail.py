"""The mail server behind prefect-email's credentials."""

import smtplib
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage

from prefect_email import EmailServerCredentials

from connector.errors import RequestRefused, ServiceUnavailable
from connector.settings import EmailSettings, Settings

MAIL_SECONDS = 30.0
"""How long the mail server may take for one step."""


class PrefectMailer:
    """Fills the `Mailer` port."""

    def __init__(self, settings: EmailSettings) -> None:
        self._credentials = EmailServerCredentials(
            smtp_server=settings.host,
            smtp_port=settings.port,
            smtp_type=settings.security,
            username=settings.username,
            **({"password": settings.password} if settings.password else {}),
        )

    def check(self) -> None:
        """Greet the server and sign in; raises ServiceUnavailable or RequestRefused."""
        with _told(), self._credentials.get_server() as server:
            server.noop()

    def send(self, message: EmailMessage) -> Sequence[str]:
        """Send; returns the addresses that were refused. Raises ServiceUnavailable or RequestRefused."""
        with _told(), self._credentials.get_server() as server:
            return sorted(server.send_message(message))


def mailer_of(settings: Settings) -> PrefectMailer | None:
    """The mail server that the settings name; None where they name none."""
    return PrefectMailer(settings.email) if settings.email else None


@contextmanager
def _told() -> Iterator[None]:
    """Turn what smtplib raises into our own errors."""
    with _time_limit():
        try:
            yield
        except smtplib.SMTPRecipientsRefused as refusal:
            raise RequestRefused(
                "The mail server refused every recipient.", todo="Check [email] recipients of the instance."
            ) from refusal
        except smtplib.SMTPResponseException as refusal:
            raise RequestRefused(
                f"The mail server refused the email ({refusal.smtp_code}).", todo="Check the email settings."
            ) from refusal
        except (OSError, smtplib.SMTPException) as away:
            raise ServiceUnavailable(f"The mail server can't be reached: {away}.") from away


@contextmanager
def _time_limit() -> Iterator[None]:
    """prefect-email gives its connection no time limit, so it takes the one of all new sockets."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(MAIL_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
