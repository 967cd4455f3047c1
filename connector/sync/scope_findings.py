"""What stands in the way of a pilot or a retry: a part of preflight, before anybody confirms anything."""

from collections.abc import Iterator, Sequence

from connector.errors import ConnectorError
from connector.mapping.vocabulary import EntitySpec
from connector.model.finding import Finding, Severity
from connector.model.history import PastRun
from connector.model.run import Run
from connector.model.scope import Scope
from connector.sync import folders
from connector.sync.ports import GentrackSource, Staging

_NEW_RUN = "start a new run: it finds what is missing, and sends only that."
_PURGED = "What it staged was purged, so nobody knows any more which rows it refused."
_NAMED = 20
"""Unknown account numbers that are named."""


def pilot_findings(scope: Scope, entities: Sequence[EntitySpec], source: GentrackSource) -> list[Finding]:
    """Accounts that a pilot names and Gentrack doesn't have; nothing of another run."""
    return [finding for spec in entities if scope.accounts for finding in _unknown(scope, spec, source)]


def retry_findings(
    run: Run, past: PastRun | None, entities: Sequence[EntitySpec], staging: Staging
) -> list[Finding]:
    """Why the run that is to be retried can't be; `past` is what the ledger knows of it."""
    why, todo = _not_retryable(run, past, entities, staging)
    return [Finding(Severity.BLOCKING, f"run {run.scope.retry_of}", why, todo)] if why else []


def _not_retryable(
    run: Run, past: PastRun | None, entities: Sequence[EntitySpec], staging: Staging
) -> tuple[str, str]:
    """Why, and what to do; empty where it can be retried."""
    if past is None or past.instance != run.instance:
        return f"It is no run of the instance {run.instance}.", "List them: `connector runs`."
    unplanned = [spec for spec in entities if not staging.parts(folders.plan_in(past.id, spec.name))]
    reasons = [
        (past.mode != "initial", f"It is no synchronisation, but a run of the kind {past.mode}.", _NEW_RUN),
        (past.outcome is None, "It has not ended.", "Wait, or take it up: `connector resume`."),
        (not staging.holds(folders.everything(past.id)), _PURGED, _NEW_RUN),
        (bool(unplanned), "It failed before it had planned everything.", f"Resume it. Or {_NEW_RUN}"),
        (not past.total.refused, "It left nothing failed, rejected or held.", "There is nothing to do."),
    ]
    return next(((why, todo) for applies, why, todo in reasons if applies), ("", ""))


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
