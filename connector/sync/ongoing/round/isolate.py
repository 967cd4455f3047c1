"""Isolate: where a batch breaks, find the one record that breaks it, so that it holds up no other.

A side that doesn't answer, or a person who is needed, breaks no batch: that is told to the caller. Nor does
anything that breaks one record after another: then it isn't the records.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

from connector.errors import (
    ConnectorError,
    EntityStuck,
    GaveUp,
    InstanceInUse,
    LeaseLost,
    PassingError,
    PersonNeeded,
    frames_of,
)

MOST_BROKEN = 5
"""So many records may break of one batch; where more do, all of it is left."""
_OF_NO_RECORD = (PassingError, PersonNeeded, GaveUp, LeaseLost, InstanceInUse, EntityStuck)
_logger = logging.getLogger(__name__)


class Divisible(Protocol):
    """Something of several records."""

    def __len__(self) -> int:
        """How many."""

    @property
    def halves(self) -> tuple[Self, Self]:
        """Both halves."""


Whole = TypeVar("Whole", bound=Divisible)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Broken(Generic[Whole]):
    """A single record, and what it raised."""

    record: Whole
    error: Exception


def isolated(
    work: Callable[[Whole], Result], whole: Whole, *, what: str
) -> tuple[list[Result], list[Broken[Whole]]]:
    """The results of a batch, in parts where it had to be divided, and the records that broke it.

    Raises EntityStuck where too many of them do, and whatever `work` raises that is about no record.
    """
    results: list[Result] = []
    broken: list[Broken[Whole]] = []
    for done in _divided(work, whole):
        if isinstance(done, Broken):
            broken.append(done)
            if len(broken) > MOST_BROKEN and len(broken) > len(whole) // 100:
                raise EntityStuck(
                    f"Records of {what} break one after another: {_told(done.error)}",
                    todo="See the connector's log; nothing of them was given up, they are tried again.",
                ) from done.error
        else:
            results.append(done)
    return results, broken


def attempted(work: Callable[[], Result]) -> Result | Exception:
    """What comes of work, or what it raised, where that may be because of a record.

    Raises what is about no record.
    """
    try:
        return work()
    except _OF_NO_RECORD:
        raise
    except Exception as error:  # noqa: BLE001 - whatever one record breaks, the others go on
        return error


def _divided(work: Callable[[Whole], Result], whole: Whole) -> Iterator[Result | Broken[Whole]]:
    result = attempted(lambda: work(whole))
    if not isinstance(result, Exception):
        yield result
    elif len(whole) > 1:
        for half in whole.halves:
            yield from _divided(work, half)
    else:
        _logger.error("A record broke its batch by %s:\n%s", type(result).__name__, frames_of(result))
        yield Broken(whole, result)


def _told(error: Exception) -> str:
    """What may be told of an error: the text of one that nobody foresaw may quote a record."""
    return str(error) if isinstance(error, ConnectorError) else f"{type(error).__name__}."
