"""Rejected share: whether so many rows are refused that the mapping, and not the data, must be wrong.

It is judged after transform, before anything is written: few rows that are refused are ordinary, and stand in
the report; many of one entity mean that a field, a picklist or a source is not what the mapping takes it for.
"""

from collections.abc import Mapping, Sequence

from connector.errors import TooManyRejected
from connector.mapping.vocabulary import EntitySpec
from connector.model.finding import Finding, Severity
from connector.model.outcome import EntityCounts, RowOutcome
from connector.model.run import Run
from connector.model.summary import Reason
from connector.sync.settling import refused_by_reason, settled_counts
from connector.sync.staged_sql import Workspace

FEWEST = 20
"""Rejected rows below which no share counts: a handful of a small entity says nothing of the mapping."""
_TOP = 3
"""Reasons of an entity that are named."""
_WHAT_TO_DO = (
    "Mend the mapping, or the records in Gentrack. If these rows are meant to be left out, allow them:"
    " [load] rejected_share of the instance, or --rejected-share for one run."
)


def check_rejected_share(
    run: Run, entities: Sequence[EntitySpec], workspace: Workspace, limit: float
) -> None:
    """Raise TooManyRejected where an entity has more rejected rows than the share `limit` of its rows.

    A retry is about rows that were refused before, so their share says nothing.
    """
    if run.scope.retry_of is not None:
        return
    counts = {spec.name: settled_counts(run, spec, workspace) or EntityCounts() for spec in entities}
    found = [
        _told(spec, counts[spec.name], refused_by_reason(run, spec, workspace))
        for spec in entities
        if too_many(counts[spec.name], limit)
    ]
    if found:
        raise TooManyRejected(
            f"More rows are rejected than the limit of {limit:.1%} allows, so nothing was written."
            f" {' '.join(found)}",
            todo=_WHAT_TO_DO,
        )


def share_findings(
    entities: Sequence[EntitySpec],
    counts: Mapping[str, EntityCounts],
    reasons: Sequence[Reason],
    limit: float,
) -> list[Finding]:
    """The same for a plan, whose `counts` are by entity and whose `reasons` are known: a finding for each."""
    return [
        Finding(
            Severity.BLOCKING,
            spec.salesforce_object,
            f"A migration would stop at transform, where {limit:.1%} of the rows may be rejected:"
            f" {_told(spec, counts[spec.name], reasons)}",
            _WHAT_TO_DO,
        )
        for spec in entities
        if too_many(counts[spec.name], limit)
    ]


def too_many(counts: EntityCounts, limit: float) -> bool:
    """Whether the rejected rows pass the share `limit`."""
    return counts.rejected >= FEWEST and counts.rejected > limit * counts.read


def _told(spec: EntitySpec, counts: EntityCounts, reasons: Sequence[Reason]) -> str:
    rejected = [
        reason
        for reason in reasons
        if reason.sobject == spec.salesforce_object and reason.outcome == RowOutcome.REJECTED
    ]
    top = ", ".join(
        f"{reason.rows:,} {reason.code}{f' in {reason.field}' if reason.field else ''}"
        for reason in rejected[:_TOP]
    )
    share = counts.rejected / counts.read
    return f"{spec.salesforce_object}: {counts.rejected:,} of {counts.read:,} rows ({share:.1%}): {top}."
