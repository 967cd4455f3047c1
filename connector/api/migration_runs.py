"""What the API needs of whoever starts runs: it knows no Prefect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class MigrationAsked:
    """An initial synchronisation that an app asks for; a pilot where it names accounts or a sample."""

    instance: str
    accounts: Sequence[str] = ()
    sample: int | None = None
    rejected_share: float | None = None
    write_back: bool = False


@dataclass(frozen=True)
class Question:
    """What a run asks before it goes on: its page in Markdown, and what has to be vouched for, by key."""

    page: str
    attestations: Mapping[str, str]
    asks_to_write_back: bool


@dataclass(frozen=True)
class StartedRun:
    """A run as whoever started it knows it. `question` is None where it does not wait for an answer."""

    id: str
    state: str
    has_ended: bool
    question: Question | None


@dataclass(frozen=True)
class Answer:
    """The answer to a question. `attested` are keys of what is vouched for."""

    name: str
    starts: bool
    attested: frozenset[str]
    write_back: bool


class MigrationRuns(Protocol):
    """Starts initial synchronisations. Every method raises ServiceUnavailable where it can't be done now."""

    def start(self, asked: MigrationAsked, once: str | None) -> str:
        """Start a run, the same for the same key `once`; returns its id."""

    def find(self, instance: str, run_id: str) -> StartedRun | None:
        """A run of an initial synchronisation of this instance."""

    def answer(self, instance: str, run_id: str, answer: Answer) -> None:
        """Answer the question of a run. Raises NotConfirmed where the answer is not taken."""
