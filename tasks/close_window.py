"""The stage close-window as tasks: at the end of a run, after its failure, and for a run that is gone."""

from contextlib import suppress
from email.message import EmailMessage
from uuid import UUID

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound

from connector.bootstrap import Connection
from connector.errors import ConnectorError, ServiceUnavailable
from connector.model.run import Run
from connector.model.summary import Summary
from connector.model.window import ClosedBy, Closure, Window
from connector.store.left_behind import LeftBehind
from connector.sync.close_window import close_window as verb
from connector.sync.report import republish
from connector.sync.run_record import RUN_KEY, RUN_OBJECT
from tasks.connection import connection, ledger
from tasks.mail import PrefectMailer
from tasks.task import task

_OVER = frozenset({StateType.COMPLETED, StateType.FAILED, StateType.CANCELLED})
"""States after which a run restores nothing any more. A crashed one may be resumed inside its lease."""


@task("close window", run_name="close window")
def close_window(run: Run, window: Window, summary: Summary) -> Summary:
    """Restore both sides at the end of a run; returns the summary that says so, here and in Salesforce."""
    at = connection(run.instance)
    closure = _closed(window, at, at, ClosedBy.RUN, completed=True)
    return republish(run, summary.closed_with(closure), at.salesforce, at.report_folder(run))


@task("close window at once", run_name="close window at once")
def close_at_once(run: Run) -> Closure | None:
    """Restore what a run that failed has switched; None where it never held a window."""
    at = connection(run.instance)
    try:
        windows = at.ledger.windows.of_run(run.id)
        return _closed(windows[-1], at, at.hurried(), ClosedBy.RUN) if windows else None
    except ServiceUnavailable as away:
        return Closure(
            closed=False,
            told=f"What the outage window has to restore stands in the ledger. {away.message}"
            " The watchdog restores it when the ledger is back.",
        )


@task("close abandoned window", run_name="close window of {window.run_id}")
def close_abandoned(window: Window) -> Closure:
    """Restore what a run that is gone has left switched."""
    at = connection(window.instance)
    return _closed(window, at, at.hurried(), ClosedBy.WATCHDOG)


@task("tell", run_name="tell of the window of {window.run_id}")
def tell(window: Window, closure: Closure) -> None:
    """Let the record of a run that had ended before say that its window is closed now, and send an email."""
    at = connection(window.instance)
    told = f"{closure.told} (By the watchdog.)"
    at.ledger.left_behind.note(window.run_id, told)
    with suppress(ConnectorError):
        at.hurried().salesforce.upsert_record(RUN_OBJECT, RUN_KEY, window.run_id, {"Message__c": told})
    settings, recipients = at.settings.email, at.instance.email.recipients
    if settings and recipients:
        message = EmailMessage()
        message["From"] = settings.sender
        message["To"] = ", ".join(recipients)
        state = "closed" if closure.closed else "NOT closed"
        message["Subject"] = f"Outage window {state} by the watchdog - {window.instance}"
        message.set_content(f"Run {window.run_id} left its outage window open.\n{closure.told}\n")
        try:
            PrefectMailer(settings).send(message)
        except ConnectorError as error:
            get_run_logger().warning("The email could not be sent: %s", error.message)


def left_behind(window: Window) -> LeftBehind:
    """The run that a window was left behind by, and how far it had come."""
    return ledger().left_behind.find(window.run_id)


def why(window: Window) -> str:
    """Why a run without an outcome did not close its window, as far as it can be known."""
    if window.claimed_by is not None:
        return "the run was cut off and did not close its outage window."
    if window.lapsed:
        return "nobody confirmed the run in the time set."
    return "the run was ended before anybody confirmed it."


def abandoned_windows(instance: str | None) -> list[Window]:
    """Windows whose lease, or whose time to confirm, is over, or whose run has ended without closing them."""
    return [window for window in ledger().windows.held(instance) if is_abandoned(window)]


def is_abandoned(window: Window) -> bool:
    """Whether nobody will close a window but those who look after others' windows."""
    return window.lapsed or _has_ended(window.run_id)


def _has_ended(run_id: str) -> bool:
    with get_client(sync_client=True) as client:
        try:
            state = client.read_flow_run(UUID(run_id)).state
        except ObjectNotFound:
            return False
        return state is not None and state.type in _OVER


def _closed(
    window: Window, at: Connection, sides: Connection, by: ClosedBy, *, completed: bool = False
) -> Closure:
    closure = verb(
        window,
        at.ledger.windows,
        lambda: sides.salesforce,
        lambda: sides.event_publishing,
        by=by,
        completed=completed,
    )
    logger = get_run_logger()
    (logger.info if closure.closed else logger.error)("%s", closure.told)
    return closure
