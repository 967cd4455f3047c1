"""The polls of both sides: what changed since the cursors goes into the inbox, and the cursors move with it.

Events make ongoing synchronisation fast; the polls make it true. Notices and cursor are stored in one
transaction, so a kill repeats a poll and loses nothing.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from connector.errors import RequestRefused, SettingsInvalid
from connector.mapping.vocabulary import EntitySpec, Resource
from connector.model.change import Notice
from connector.model.cursor import Cursor, Side, cursor_value
from connector.sync.ongoing.gentrack.poll import changes_in_gentrack
from connector.sync.ongoing.ports import GentrackFinding

_logger = logging.getLogger(__name__)


class Cursors(Protocol):
    """Up to when changes are known, in the ledger."""

    def of(self, instance: str) -> list[Cursor]:
        """Those of an instance."""

    def take_in(
        self, instance: str, notices: Iterable[Notice], values: Mapping[tuple[Side, str], str]
    ) -> int:
        """Keep what a poll found and where the next one begins, both or neither."""


class Polled(Protocol):
    """What a turn of Salesforce's poll heard."""

    @property
    def notices(self) -> Sequence[Notice]:
        """Records that changed, without echoes."""

    @property
    def cursors(self) -> Mapping[str, str]:
        """Entity -> the value of its cursor."""

    @property
    def more(self) -> frozenset[str]:
        """Entities that have more to be read at once."""


class SalesforcePoll(Protocol):
    """Salesforce's poll."""

    def turn(self, specs: Sequence[EntitySpec], cursors: Mapping[str, str], now: datetime) -> Polled:
        """Read a page of each entity from where its cursor says."""


@dataclass(frozen=True)
class Polling:
    """Both polls of an instance."""

    instance: str
    entities: Sequence[EntitySpec]
    resources: Sequence[Resource]
    finding: GentrackFinding
    salesforce: SalesforcePoll
    cursors: Cursors

    def check(self) -> None:
        """Raises SettingsInvalid where no side has a cursor: nobody knows from when on changes count."""
        if not self.cursors.of(self.instance):
            raise SettingsInvalid(
                f"Instance {self.instance} has nothing to go on from: no initial synchronisation has ended.",
                todo="Run one first, or name the moment from which on changes count:"
                f" connector ongoing --instance {self.instance} --begin-at 2026-11-24T06:00Z",
            )

    def begin_at(self, moment: datetime) -> None:
        """Let changes of both sides count from a moment on."""
        values = {(Side.GENTRACK, one.name): cursor_value(Side.GENTRACK, moment) for one in self.resources}
        begins = cursor_value(Side.SALESFORCE, moment)
        values |= {(Side.SALESFORCE, spec.name): begins for spec in self.entities}
        self.cursors.take_in(self.instance, (), values)

    def poll(self) -> Mapping[str, str]:
        """Look at both sides once; returns why, by the resource or entity that can't be looked at.

        What one of them is refused for, such as a field that the user may not see any more, keeps no other
        one from being polled; its cursor stays. Raises what the clients raise where a side as a whole is
        away; what was read before stands in the inbox.
        """
        known = self.cursors.of(self.instance)
        refused: dict[str, str] = {}
        for resource in self.resources:
            if why := _refusal(partial(self._gentrack, resource, known)):
                refused[resource.name] = why
        values = {c.resource: c.value for c in known if c.side is Side.SALESFORCE}
        if _refusal(partial(self._salesforce, self.entities, values)):
            for spec in self.entities:
                if why := _refusal(partial(self._salesforce, [spec], values)):
                    refused[spec.name] = why
        return refused

    def _gentrack(self, resource: Resource, known: Sequence[Cursor]) -> None:
        for page in changes_in_gentrack(self.finding, resource, _since(resource, known)):
            moved = {} if page.cursor is None else {(Side.GENTRACK, resource.name): page.cursor}
            self.cursors.take_in(self.instance, page.notices, moved)

    def _salesforce(self, specs: Sequence[EntitySpec], values: Mapping[str, str]) -> None:
        while specs:
            polled = self.salesforce.turn(specs, values, datetime.now(UTC))
            moved = {(Side.SALESFORCE, entity): value for entity, value in polled.cursors.items()}
            self.cursors.take_in(self.instance, polled.notices, moved)
            values = {**values, **polled.cursors}
            specs = [spec for spec in specs if spec.name in polled.more]


def _refusal(look: Callable[[], None]) -> str:
    """Why looking was refused; empty where it was not."""
    try:
        look()
    except RequestRefused as refused:
        _logger.warning("A poll was refused: %s", refused)
        return str(refused)
    return ""


def _since(resource: Resource, known: Sequence[Cursor]) -> datetime:
    """Where a resource is read from; one without a cursor from the earliest moment that any has.

    Exports don't tell the tenant's time: what changed before the run that read them, and is not in them, is
    found by the reconciliation.
    """
    own = [c.value for c in known if c.side is Side.GENTRACK and c.resource == resource.name]
    if own:
        return datetime.fromisoformat(own[0])
    others = [c.set_at for c in known]
    return min(others, default=datetime.now(UTC))
