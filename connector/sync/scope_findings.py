"""What stands in the way of a pilot or a retry: a part of preflight, before anybody confirms anything."""

from collections.abc import Iterator, Sequence

from connector.errors import ConnectorError
from connector.mapping.vocabulary import EntitySpec
from connector.model.finding import Finding, Severity
from connector.model.scope import Scope
from connector.sync.ports import GentrackSource

_NAMED = 20
"""Unknown account numbers that are named."""


def scope_findings(scope: Scope, entities: Sequence[EntitySpec], source: GentrackSource) -> list[Finding]:
    """What is wrong with what the run is asked to be about; nothing of one that is about everything."""
    return [finding for spec in entities if scope.accounts for finding in _unknown(scope, spec, source)]


def _unknown(scope: Scope, spec: EntitySpec, source: GentrackSource) -> Iterator[Finding]:
    if spec.pilot is None:
        return
    try:
        unknown = source.lacking(spec.pilot.resource.name, spec.pilot.number, scope.accounts)
    except ConnectorError as error:
        yield Finding(Severity.BLOCKING, "pilot", error.message, error.todo)
        return
    if unknown:
        more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
        yield Finding(
            Severity.BLOCKING,
            "pilot",
            f"Gentrack has no {spec.name} of {len(unknown):,} of the {len(scope.accounts):,} numbers:"
            f" {', '.join(unknown[:_NAMED])}{more}.",
            "Correct them or leave them out. A spreadsheet may have dropped zeros in front of a number.",
        )
