"""The ledger behind the ports of a round: agreements, locks, proposals, inbox and dead letters."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from connector.model.agreement import Agreement
from connector.model.change import DeadLetter, Notice, NoticeSource, Reason, Waiting
from connector.model.link import LinkState, Match
from connector.sync.ongoing.round.notices import identity
from tests.unit.sync.ongoing.twin_state import State


@dataclass
class LedgerTwin:
    """Agreements, locks and proposals."""

    twins: State

    def of_keys(self, instance: str, entity: str, keys: Collection[str]) -> list[Agreement]:
        return [
            self.twins.pairs[entity, key.lower()] for key in keys if (entity, key.lower()) in self.twins.pairs
        ]

    def of_salesforce_ids(self, instance: str, entity: str, ids: Collection[str]) -> list[Agreement]:
        return [p for (name, _), p in self.twins.pairs.items() if name == entity and p.salesforce_id in ids]

    def of_gentrack_ids(self, instance: str, entity: str, ids: Collection[int]) -> list[Agreement]:
        return [p for (name, _), p in self.twins.pairs.items() if name == entity and p.gentrack_id in ids]

    def keep(self, instance: str, entity: str, rows: Sequence[Agreement]) -> None:
        self.twins.step()
        self.twins.pairs |= {(entity, row.key.lower()): row for row in rows}

    def forget(self, instance: str, entity: str, keys: Collection[str]) -> None:
        self.twins.step()
        for key in keys:
            del self.twins.pairs[entity, key.lower()]

    @contextmanager
    def writing(self, instance: str, entity: str, keys: Collection[str]) -> Iterator[frozenset[str]]:
        yield frozenset(key for key in keys if key not in self.twins.locked)

    def open_of(self, instance: str, entity: str, keys: Collection[str]) -> Mapping[str, int]:
        return {key: self.twins.asked[key] for key in keys if key in self.twins.asked}

    def open_with(self, instance: str, entity: str, ids: Collection[str]) -> Mapping[str, int]:
        return {one: 1 for one in ids if one in self.twins.asked_with}

    def about(
        self, instance: str, entity: str, *, keys: Collection[str], ids: Collection[str]
    ) -> list[Match]:
        return [m for m in self.twins.matches if m.external_id.lower() in keys or m.salesforce_id in ids]

    def keep_matches(self, instance: str, entity: str, matches: Sequence[Match]) -> None:
        self.twins.step()
        for one in matches:
            self.twins.matches.append(one)
            if one.state is LinkState.PROPOSED:
                self.twins.asked[one.external_id.lower()] = 1
                self.twins.asked_with.add(one.salesforce_id)

    def decided_with(self, instance: str, entity: str, ids: Collection[str]) -> Mapping[str, list[str]]:
        return {one: [key for key, other in self.twins.accepted.items() if other == one] for one in ids}

    def accepted_of(self, instance: str, entity: str, keys: Collection[str]) -> Mapping[str, str]:
        return {key: self.twins.accepted[key] for key in keys if key in self.twins.accepted}


@dataclass
class InboxTwin:
    """The inbox and the dead letters, as the ledger keeps them."""

    twins: State

    def put(self, instance: str, notices: Sequence[Notice], source: NoticeSource) -> int:
        self.twins.step()
        for notice in notices:
            one = identity(notice)
            before = self.twins.inbox.get(one)
            self.twins.numbers += 1
            row = Waiting(notice, self.twins.numbers, datetime.now(UTC))
            self.twins.inbox[one] = row if before is None else replace(before, version=row.version)
            self.twins.turns.pop(one, None)
        return len(notices)

    def ready(self, instance: str, limit: int) -> list[Waiting]:
        self.twins.step()
        return [
            row
            for one, row in self.twins.inbox.items()
            if one not in self.twins.letters and one not in self.twins.turns
        ][:limit]

    def done(self, instance: str, rows: Sequence[Waiting]) -> None:
        self.twins.step()
        for row in rows:
            one = identity(row.notice)
            self.twins.letters.pop(one, None)
            if one in self.twins.inbox and self.twins.inbox[one].version == row.version:
                del self.twins.inbox[one]

    def put_off(self, instance: str, delays: Mapping[Waiting, timedelta], *, counted: bool) -> None:
        self.twins.step()
        for row in delays:
            one = identity(row.notice)
            self.twins.inbox[one] = replace(self.twins.inbox[one], attempts=row.attempts + counted)
            self.twins.turns[one] = delays[row]

    def bury(self, instance: str, row: Waiting, reason: Reason) -> None:
        self.twins.step()
        letter = DeadLetter(row.notice, reason, datetime.now(UTC), row.attempts + 1)
        self.twins.letters[identity(row.notice)] = letter

    def backlog(self, instance: str) -> tuple[int, datetime | None]:
        return len(self.twins.inbox), None

    def all(self, instance: str) -> list[DeadLetter]:
        return list(self.twins.letters.values())

    def retry(self, instance: str, notices: Sequence[Notice]) -> int:
        self.twins.step()
        for notice in notices:
            one = identity(notice)
            self.twins.letters.pop(one, None)
            if one in self.twins.inbox:
                self.twins.inbox[one] = replace(self.twins.inbox[one], attempts=0)
        return len(notices)
