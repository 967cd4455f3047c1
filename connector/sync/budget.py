"""Budget: what a run may take of the org's daily limits, so that a share of each is left to others.

The org's other integrations live on the same limits, which count over the last 24 hours (Salesforce Developer
Limits Quick Reference, "API Requests"). So a run asks how much is left while it sends, and stops before it
takes what is theirs.
"""

import threading
from collections.abc import Iterator, Mapping

from connector.errors import ConnectorError, LimitReached, RequestRefused
from connector.model.finding import Finding, Severity
from connector.sync.estimates import (
    API_REQUESTS,
    BULK_BATCHES,
    DAILY,
    ENDING_REQUESTS,
    INGEST_JOB,
    batches_of,
    reserved,
)
from connector.sync.ports import SalesforceOrg

JOBS_BETWEEN = 20
"""The org is asked once for so many jobs: a request among some 240."""

Limits = Mapping[str, Mapping[str, int]]


class Budget:
    """What one process may send still; shared by the threads that send. `limits_left` is others' share."""

    def __init__(self, org: SalesforceOrg, limits_left: float) -> None:
        self._org = org
        self._limits_left = limits_left
        self._room: dict[str, int] = {}
        self._jobs = 0
        self._asking = threading.Lock()

    def spend(self, rows: int) -> None:
        """Before a job of so many rows. Raises LimitReached where it would take what is left to others."""
        needed = {API_REQUESTS: INGEST_JOB, BULK_BATCHES: batches_of(rows)}
        with self._asking:
            if not self._jobs or self._short(needed):
                limits = self._limits()
                self._room, self._jobs = self._free(limits), JOBS_BETWEEN
                if short := self._short(needed):
                    raise _reached(short[0], limits, self._limits_left)
            self._jobs -= 1
            self._room = {name: room - needed.get(name, 0) for name, room in self._room.items()}

    def _short(self, needed: Mapping[str, int]) -> list[str]:
        return [name for name, amount in needed.items() if self._room.get(name, amount) < amount]

    def _free(self, limits: Limits) -> dict[str, int]:
        """What may be sent still; verify and report need requests of ours as well."""
        free = free_of(limits, self._limits_left)
        return {name: room - (ENDING_REQUESTS if name == API_REQUESTS else 0) for name, room in free.items()}

    def _limits(self) -> Limits:
        """The org's limits; none where the user may not read them, which preflight has said."""
        try:
            return self._org.limits()
        except RequestRefused:
            return {}


def free_of(limits: Limits, limits_left: float) -> dict[str, int]:
    """Daily limit -> what a run may take of it now; below zero where others' share is touched already."""
    return {
        name: limits[name]["Remaining"] - reserved(limits[name]["Max"], limits_left)
        for name in DAILY
        if name in limits
    }


def limit_findings(org: SalesforceOrg, limits_left: float) -> Iterator[Finding]:
    """Limits of which a run may take nothing now, since what remains is left to others."""
    try:
        limits = org.limits()
    except ConnectorError as error:
        yield Finding(Severity.NOTE, "limits", error.message, error.todo)
        return
    for name, room in free_of(limits, limits_left).items():
        if room <= 0:
            yield Finding(
                Severity.BLOCKING,
                "limits",
                _standing(name, limits, limits_left),
                "Start when it is renewed, have it raised, or leave less to others by [load] limits_left.",
            )


def _reached(name: str, limits: Limits, limits_left: float) -> LimitReached:
    return LimitReached(
        f"The run stops before it takes what is left to others. {_standing(name, limits, limits_left)}",
        todo="What is sent stays, and its results are kept. Resume the run when the limit has been renewed.",
    )


def _standing(name: str, limits: Limits, limits_left: float) -> str:
    limit = limits[name]
    kept = reserved(limit["Max"], limits_left)
    return (
        f"Of the org's daily limit {name} {limit['Remaining']:,} of {limit['Max']:,} remain,"
        f" and {kept:,} are left to others."
    )
