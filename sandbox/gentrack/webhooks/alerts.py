"""The emails that Gentrack sends about an app's webhook.

Source: GCIS's own functional tests: the organisation's administrator and the app's alert addresses are told
when the subscription changes, when an event has failed seven times, and when delivery works again; for
production tenants only. The wording is ours.
"""

import logging
import smtplib
from collections.abc import Callable, Iterable
from email.message import EmailMessage

ADMINISTRATOR = "administrator@sandbox.example"
SENDER = "integration-services@sandbox.example"

Mailer = Callable[[EmailMessage], None]
_LOGGER = logging.getLogger(__name__)


def smtp_mailer(host: str, port: int) -> Mailer:
    """Sends by SMTP, without signing in; what can't be sent is logged."""

    def send(message: EmailMessage) -> None:
        try:
            with smtplib.SMTP(host, port, timeout=10) as server:
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            _LOGGER.warning("an alert about webhooks was not sent: %s", error)

    return send


class Alerts:
    """Tells the people concerned, once for each time that delivery breaks down."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self._is_failing = False

    def subscription_changed(self, url: str | None, emails: Iterable[str]) -> EmailMessage:
        """The email about a new, changed or removed subscription."""
        text = f"Events are sent to {url} from now on." if url else "Events are not sent any more."
        return self._message("Event subscription changed", text, emails)

    def given_up(
        self, event_id: str, event_type: str, attempts: int, emails: Iterable[str]
    ) -> EmailMessage | None:
        """The email about an event that couldn't be delivered, unless one was sent since it last worked."""
        if self._is_failing:
            return None
        self._is_failing = True
        text = f"Event {event_id} ({event_type}) could not be delivered in {attempts} attempts."
        return self._message("Event delivery fails", text, emails)

    def delivered(self, emails: Iterable[str]) -> EmailMessage | None:
        """The email about the recovery, if there was an alert before."""
        if not self._is_failing:
            return None
        self._is_failing = False
        return self._message("Event delivery works again", "Events are delivered again.", emails)

    def _message(self, subject: str, text: str, emails: Iterable[str]) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = f"{subject} - app {self._app_id}"
        message["From"] = SENDER
        message["To"] = ", ".join(dict.fromkeys([ADMINISTRATOR, *emails]))
        message.set_content(f"{text}\n")
        return message
