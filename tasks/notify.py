"""The stage notify as a task: the email goes through prefect-email's credentials."""

import smtplib
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect_email import EmailServerCredentials

from connector.errors import RequestRefused, ServiceUnavailable
from connector.model.run import Run
from connector.model.summary import Summary
from connector.settings import EmailSettings
from connector.sync.notify import notify as verb
from connector.sync.report import keep
from tasks.connection import connection

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

    def send(self, message: EmailMessage) -> Sequence[str]:
        """Send; returns the addresses that were refused. Raises ServiceUnavailable or RequestRefused."""
        try:
            with _time_limit(), self._credentials.get_server() as server:
                return sorted(server.send_message(message))
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


@task(name="notify", task_run_name="notify", cache_policy=NO_CACHE)
def notify(run: Run, summary: Summary) -> Summary:
    """Send the email and keep the summary; an undeliverable email never changes the outcome."""
    at = connection(run.instance)
    email = at.settings.email
    told = summary.told(
        email=verb(
            summary,
            at.instance.email.recipients,
            email.sender if email else "",
            PrefectMailer(email) if email else None,
        )
    )
    refused_by_name = told.email.startswith("sent, but")  # addresses are for the report alone
    get_run_logger().info("email %s", told.email.partition(":")[0] if refused_by_name else told.email)
    keep(told, at.report_folder(run))
    return told
