"""`connector ongoing`: ongoing synchronisation by hand, without a Prefect server."""

import json
import logging
import signal
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from types import FrameType

from rich.console import Console

from connector.bootstrap import Connection, connect
from connector.errors import InstanceInUse
from connector.model.alert import AlertKind
from connector.ongoing import living, polling_of, tell_on_call
from connector.settings import load_settings
from connector.sync.ongoing.life.record import Standing
from connector.sync.ports import Mailer
from deployments.command_line.services import database_alone


def ongoing(instance: str, *, once: bool, begin_at: datetime | None, as_json: bool) -> int:
    """Live until Ctrl-C or SIGTERM, or for one catching up. Raises InstanceInUse where another run lives."""
    from tasks.mail import mailer_of  # noqa: PLC0415 - imports Prefect, which reads its settings then

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    settings = load_settings()
    with ExitStack() as open_now:
        database = open_now.enter_context(database_alone(settings, console))
        at = connect(instance, settings.model_copy(update={"database_url": database})).hurried()
        open_now.callback(at.close)
        if begin_at is None:
            polling_of(at).check()
        else:
            polling_of(at).begin_at(begin_at)
        ending = _Ending()
        life = open_now.enter_context(
            living(at, lambda: ending.asked, _Teller(at, mailer_of(settings), console))
        )
        if life is None:
            raise InstanceInUse(
                f"Another run keeps instance {instance} in agreement.",
                todo="Let it, or end it first: its page is in the Prefect UI.",
            )
        with ending.on_signals():
            standing = life.catch_up() if once else life.live()
    _tell(standing, console, as_json=as_json)
    return 3 if standing.with_errors else 0


class _Ending:
    """Whether somebody asked for the end: what is under way is finished first."""

    def __init__(self) -> None:
        self.asked = False

    def on_signals(self) -> ExitStack:
        """Hear SIGINT and SIGTERM until the end of the context; a second one ends at once."""
        stack = ExitStack()
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, self._hear))
        return stack

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@dataclass(frozen=True)
class _Teller:
    """Tells on standard error how it stands, and whoever is on call what is wrong."""

    at: Connection
    mailer: Mailer | None
    console: Console

    def __call__(self, standing: Standing, away: str) -> None:
        """Told every half minute."""
        self.console.print(_line(standing), markup=False)
        tell_on_call(self.at, standing, away, self.mailer, _logged)


def _logged(what: str, kind: AlertKind, told: str) -> None:
    logging.getLogger(__name__).warning("Alert %s: %s. %s", what, kind.value, told)


def _line(standing: Standing) -> str:
    lag = "" if standing.median is None else f", {standing.median:.1f} s each, {standing.most:.1f} at most"
    return (
        f"{standing.doing}: {standing.done} changes in the last minutes,"
        f" {standing.a_second:.1f} a second{lag};"
        f" {standing.waiting} wait, {standing.dead_letters} dead letters"
    )


def _tell(standing: Standing, console: Console, *, as_json: bool) -> None:
    if as_json:
        told = asdict(standing) | {"since": standing.since.isoformat()}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    for entity, counts in standing.outcomes.items():
        told_counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
        console.print(f"{entity}: {told_counts}", markup=False)
    if standing.dead_letters:
        console.print(f"See them: connector dead-letters list --instance {standing.instance}", markup=False)
