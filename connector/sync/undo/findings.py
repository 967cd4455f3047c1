"""Preflight of an undo: whether the run can be undone, and what came after it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.errors import ConnectorError, RequestRefused
from connector.mapping.vocabulary import EntitySpec
from connector.model.finding import Finding, Severity
from connector.model.history import PastRun
from connector.sync.before_images import attempts_kept
from connector.sync.ports import SalesforceOrg, Staging
from connector.sync.run_record import RUN_OBJECT

_UNDONE_MODE = "initial"
"""The mode of runs that write to Salesforce and can be undone."""


@dataclass(frozen=True)
class Undoable:
    """A run and the ones that began after it, as the ledger knows them."""

    run: PastRun
    later: tuple[PastRun, ...]


def undoable(run_id: str, past: Sequence[PastRun]) -> Undoable | None:
    """The run among all runs of its instance, newest first, with later ones that wrote; None if unknown."""
    for run in past:
        if run.id == run_id:
            wrote = (other for other in past if other.mode == _UNDONE_MODE)
            return Undoable(run, tuple(other for other in wrote if other.started_at > run.started_at))
    return None


def undo_findings(
    run_id: str,
    known: Undoable | None,
    entities: Sequence[EntitySpec],
    org: SalesforceOrg,
    staging: Staging,
    *,
    fingerprint: str,
) -> Iterator[Finding]:
    """What stands in the way of undoing a run, and which later runs built on it.

    `fingerprint` is that of the mapping as it is now.
    """
    where = f"run {run_id}"
    if known is None:
        yield _blocking(where, "The ledger knows no such run of this instance.", "See `connector runs`.")
        return
    if known.run.mode != _UNDONE_MODE:
        yield _blocking(where, f"It is a run of mode {known.run.mode}: it can't be undone.", "")
        return
    if known.run.outcome is None:
        yield _blocking(where, "It has not ended.", f"Let it end, or `connector resume --run {run_id}`.")
    kept = images_kept(run_id, entities, staging)
    if not kept:
        yield _blocking(
            where,
            "It kept no before-images: it failed before it wrote anything, or they were purged.",
            "Without them nothing is known of what stood before: it can't be undone.",
        )
    if known.run.fingerprint not in {"", fingerprint}:
        yield Finding(
            Severity.ATTEST,
            f"mapping of {where}",
            "It was made with another mapping: fields that have no line in it any more are not restored.",
            "Undo with the mapping of that time, or see to those fields by hand.",
        )
    for later in known.later:
        what = later.scope.told or "an initial synchronisation"
        yield Finding(
            Severity.NOTE,
            f"run {later.id}",
            f"It came after, on {later.started_at:%d %B %Y at %H:%M} UTC: {what}.",
            "What it changed since is left and listed. Undo it first, if all of it shall go.",
        )
    for spec in entities:
        if spec.name in kept:
            yield from _may_undo(spec, org)
    yield from _run_record(org)


def images_kept(run_id: str, entities: Sequence[EntitySpec], staging: Staging) -> Mapping[str, int]:
    """Entity -> how many before-images the run kept, those of each attempt; only entities that have some."""
    counted = {}
    for spec in entities:
        parts = (staging.parts(folder) for folder in attempts_kept(run_id, spec.name, staging))
        counted[spec.name] = sum(part.rows for of_attempt in parts for part in of_attempt)
    return {name: rows for name, rows in counted.items() if rows}


def _may_undo(spec: EntitySpec, org: SalesforceOrg) -> Iterator[Finding]:
    try:
        described = org.describe(spec.salesforce_object)
    except ConnectorError as error:
        yield _blocking(spec.salesforce_object, error.message, error.todo)
        return
    if not (described.updateable and described.deletable):
        yield _blocking(
            spec.salesforce_object,
            "The integration user may not edit and delete it.",
            "Assign the permission set of salesforce/ to the integration user.",
        )


def _run_record(org: SalesforceOrg) -> Iterator[Finding]:
    try:
        org.describe(RUN_OBJECT)
    except RequestRefused:
        yield _blocking(RUN_OBJECT, "The object of the report is not there to see.", "Deploy salesforce/.")
    except ConnectorError as error:
        yield _blocking(RUN_OBJECT, error.message, error.todo)


def _blocking(where: str, what: str, todo: str) -> Finding:
    return Finding(Severity.BLOCKING, where, what, todo)
