"""What a round needs from the outside, as protocols; `connector.bootstrap` fills them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import pandas as pd

from connector.mapping.agreement.decisions import Decisions
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import DeadLetter, Notice, NoticeSource, Reason, Waiting
from connector.model.link import Match
from connector.sync.ongoing.salesforce.side import Wanted


class Inbox(Protocol):
    """The records that may have changed."""

    def put(self, instance: str, notices: Sequence[Notice], source: NoticeSource) -> int:
        """Keep notices and wake who waits for them."""

    def ready(self, instance: str, limit: int) -> list[Waiting]:
        """The records whose turn it is, the longest waiting first; not those with a dead letter."""

    def done(self, instance: str, rows: Sequence[Waiting]) -> None:
        """Remove what was dealt with; what was noticed again meanwhile stays."""

    def put_off(self, instance: str, delays: Mapping[Waiting, timedelta], *, counted: bool) -> None:
        """Try these again, each after its delay; `counted` is one attempt more on its account."""

    def bury(self, instance: str, row: Waiting, reason: Reason) -> None:
        """Give a record up until a person says otherwise."""

    def backlog(self, instance: str) -> tuple[int, datetime | None]:
        """How many records wait, and since when the oldest does."""


class DeadLetters(Protocol):
    """The records that wait for a person."""

    def all(self, instance: str) -> list[DeadLetter]:
        """Those of an instance, the oldest first."""

    def retry(self, instance: str, notices: Sequence[Notice]) -> int:
        """Let records be tried again at once."""


class Traced(Protocol):
    """What Gentrack's notices are about."""

    @property
    def rows(self) -> Mapping[Notice, Collection[tuple[str, str]]]:
        """The (entity, external id)s in which the record of a notice plays a part."""


class GentrackSide(Protocol):
    """Gentrack's side of a batch."""

    def records(self, spec: EntitySpec, keys: Collection[str]) -> pd.DataFrame:
        """A row for each row of the source view whose external id, case folded, is one of `keys`.

        key, key_broken, key_count, gentrack_id, client_reference, g.<source>, parent.<field>.
        """

    def traced(self, notices: Collection[Notice]) -> Traced:
        """Which records of which entities notices are about."""


class GentrackReading(Protocol):
    """Gentrack's records one by one."""

    def read(self, resource: str, record_id: int) -> Mapping[str, Any] | None:
        """A record as it stands, None where there is none."""


class SalesforceSide(Protocol):
    """Salesforce's side of a batch."""

    def records(
        self, spec: EntitySpec, *, keys: Collection[str] = (), ids: Collection[str] = ()
    ) -> pd.DataFrame:
        """A row for each record found by id, by external id, or by parents where these make it known.

        salesforce_id, s.key, s.<field>, s.parent.<field>, parent_id.<field>, deleted, merged_into,
        merged_key, flagged, in_scope, stamp.
        """

    def gathered(self, wanted: Sequence[Wanted]) -> list[pd.DataFrame]:
        """The same for several entities at once."""

    def keys_there(self, spec: EntitySpec, keys: Collection[str]) -> Collection[str]:
        """Which of these external ids, case folded, stand in Salesforce."""


class Writing(Protocol):
    """Writes what was decided of an entity to Gentrack."""

    def __call__(self, spec: EntitySpec, decisions: Decisions, /) -> pd.DataFrame:
        """A row for each record that had something to be done there: done, code, reason, todo, passing.

        And key and gentrack_id of what was created. What one record is refused for is a value of its row.
        """


class WritingAll(Protocol):
    """Writes what was decided of several entities, parents first, to Salesforce."""

    def __call__(self, work: Sequence[tuple[EntitySpec, Decisions]], /) -> list[pd.DataFrame]:
        """For each entity as to Gentrack, with the salesforce_id of each record."""


class WritingKeys(Protocol):
    """Gives records of Salesforce the external ids that Gentrack numbered them with."""

    def __call__(self, spec: EntitySpec, keys: Mapping[str, str], /) -> pd.DataFrame:
        """Salesforce id -> external id; whether each was done, by Salesforce id. Safe to repeat."""


class Matching(Protocol):
    """Records of Salesforce without an external id that may be what is about to be made there."""

    def of_new(self, spec: EntitySpec, records: pd.DataFrame) -> Sequence[Match]:
        """Links and proposals for records that only Gentrack has (rows of a batch); nothing is kept."""


class Proposals(Protocol):
    """What people were asked of records that both systems may have."""

    def open_of(self, instance: str, entity: str, keys: Collection[str]) -> Mapping[str, int]:
        """External id, case folded -> how many records in Salesforce a person has still to decide about."""

    def open_with(self, instance: str, entity: str, ids: Collection[str]) -> Mapping[str, int]:
        """Salesforce id -> how many records in Gentrack a person has still to decide about."""

    def about(
        self, instance: str, entity: str, *, keys: Collection[str], ids: Collection[str]
    ) -> Sequence[Match]:
        """All that was found or decided of these external ids, case folded, or these Salesforce ids."""

    def keep_matches(self, instance: str, entity: str, matches: Sequence[Match]) -> None:
        """Keep links and proposals that a round found, all or none; what people decided stays. Repeatable."""

    def decided_with(self, instance: str, entity: str, ids: Collection[str]) -> Mapping[str, Collection[str]]:
        """Salesforce id -> the external ids of which a person said that they are, or are not, the same."""

    def accepted_of(self, instance: str, entity: str, keys: Collection[str]) -> Mapping[str, str]:
        """External id, case folded -> the Salesforce id that a person said is the same record."""
