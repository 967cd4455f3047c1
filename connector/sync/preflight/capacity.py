"""How much there is to load, and whether what the org allows in a day, and its storage, will do.

The newest plan knows better: it counts what really changes. This is the estimate for whoever has made none.
"""

import shutil
from collections.abc import Iterator, Mapping
from math import ceil

from connector.model.finding import Finding
from connector.model.outcome import EntityCounts
from connector.model.volume import UNKNOWN, Volume
from connector.sync.budget import limit_findings
from connector.sync.estimates import Load, costs, durations
from connector.sync.preflight.check import attest, blocking, note
from connector.sync.preflight.machine import gibibytes
from connector.sync.preflight.subject import Subject

ROW_BYTES = 2_500
"""Disk that a record takes in staging, all stages and a spilled sort together, rounded up."""
_JOBS_A_RECORD_SET = 2
"""Creations, and the finishing pass or updates: a batch goes in two jobs at most, but for a rare third."""


def volumes(subject: Subject) -> Iterator[Finding]:
    """What each side has of each object."""
    known = subject.volumes
    told = ", ".join(f"{name} {_told(volume)}" for name, volume in known.items())
    yield note("volumes", f"Records in Gentrack / in Salesforce: {told}.")
    unknown = [name for name, volume in known.items() if volume.source == UNKNOWN]
    if unknown:
        yield note(
            "volumes of Gentrack",
            f"Nobody knows yet how many records Gentrack has of {', '.join(unknown)}:"
            " its API doesn't count, and no plan or run has come to its end.",
            "Make a plan (`connector plan`): it counts them, and what a migration would change.",
        )


def limits(subject: Subject) -> Iterator[Finding]:
    """Daily limits of which nothing is left but the share of others, and storage that is full."""
    storage = subject.salesforce.limits().get("DataStorageMB", {})
    if storage.get("Remaining", 1) <= 0:
        yield blocking("storage", "The org's data storage is full.", "Make room, or buy more.")
    yield from limit_findings(subject.salesforce, subject.instance.load.limits_left)


def estimate(subject: Subject) -> Iterator[Finding]:
    """What a migration may take, by counts alone: none of its rows has been looked at."""
    known = {name: volume for name, volume in subject.known_volumes.items() if volume.gentrack is not None}
    if not known:
        return
    load = subject.instance.load
    needed = costs(
        subject.entities, _loads(known, load.batch_rows), subject.salesforce.limits(), load.limits_left
    )
    planned = EntityCounts(
        read=sum(volume.gentrack or 0 for volume in known.values()),
        created=sum(volume.new for volume in known.values()),
    )
    disk = ROW_BYTES * sum((volume.gentrack or 0) + volume.salesforce for volume in known.values())
    free = shutil.disk_usage(subject.staging.local(".")).free
    seconds = sum(stage.seconds for stage in durations(planned, subject.past))
    amounts = ", ".join(f"{cost.name} {cost.needed:,}" for cost in needed)
    yield note(
        "estimate",
        f"A migration may take {_duration(seconds)}, {gibibytes(disk)} of this machine's disk,"
        f" and of the org: {amounts}.",
    )
    if disk > free:
        yield attest(
            "estimate of disk",
            f"A migration may take {gibibytes(disk)} where the run works, and {gibibytes(free)} are free.",
            "Make room, or name another folder.",
        )
    for cost in needed:
        if not cost.fits:
            yield attest(
                f"estimate of {cost.name}",
                f"A migration may take {cost.needed:,} of {cost.name}, and {cost.remaining:,} are left.",
                "Make a plan, which knows better; raise the limit, make room, or wait until it is renewed.",
            )


def _loads(known: Mapping[str, Volume], batch_rows: int) -> dict[str, Load]:
    return {
        name: Load(
            jobs=_pieces(volume.new, batch_rows) * _JOBS_A_RECORD_SET,
            found=volume.salesforce,
            created=volume.new,
        )
        for name, volume in known.items()
    }


def _pieces(rows: int, batch_rows: int) -> tuple[int, ...]:
    whole, rest = divmod(rows, batch_rows)
    return (batch_rows,) * whole + ((rest,) if rest else ())


def _told(volume: Volume) -> str:
    ours = "?" if volume.gentrack is None else f"{volume.gentrack:,}"
    return f"{ours} / {volume.salesforce:,}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"about {ceil(seconds)} seconds"
    minutes = ceil(seconds / 60)
    return f"about {minutes} minutes" if minutes < 120 else f"about {minutes / 60:.1f} hours"
