"""Confirm: what a person reads before a run changes anything, what is to be attested, what counts as yes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connector.errors import NotConfirmed
from connector.model.finding import Finding, Severity
from connector.model.history import PastRun
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.run import Run
from connector.model.scope import EVERYTHING, Scope
from connector.model.window import Window
from connector.model.write_back import WriteBack, WriteBackMode, WriteBackOutcome, by_entity

START, DECLINE = "start", "decline"
WRITE_BACK = "write_back"
"""The key of the answer, and of what is kept with the window, that lets a run write to Gentrack."""


@dataclass(frozen=True)
class Volumes:
    """What a plan counted, by entity, and when; or `by` what else it is known.

    `same_mapping`: the run would decide as the plan did.
    """

    planned_at: datetime
    entities: Mapping[str, EntityCounts]
    same_mapping: bool = True
    by: str = "the plan"


@dataclass(frozen=True)
class Answer:
    """What a person answered; `attested` holds the keys of what was vouched for."""

    name: str
    instance: str
    decision: str
    attested: frozenset[str] = field(default=frozenset())
    write_back: bool = False


def to_attest(findings: Sequence[Finding]) -> dict[str, str]:
    """Key -> text of what a person has to vouch for; a key is an identifier, and made of the place alone.

    So it stays the same when the text changes, and several findings of one place are vouched for together.
    """
    texts: dict[str, str] = {}
    for finding in findings:
        if finding.severity is Severity.ATTEST:
            key = "attest_" + re.sub(r"\W+", "_", finding.where).strip("_").lower()
            known = texts.get(key)
            texts[key] = f"{known} {finding.what}" if known else f"{finding.where}: {finding.what}"
    return texts


def known_volumes(past: Sequence[PastRun], fingerprint: str, scope: Scope) -> Volumes | None:
    """What the newest finished plan with this mapping counted, else the newest one; None without a plan.

    Only plans of the same `scope` count. Of a retry, it is what the earlier run left. `past` has the newest
    first.
    """
    if scope.undo_of:
        return next((_written(run) for run in past if run.id == scope.undo_of), None)
    if scope.retry_of:
        return next((_left_over(run) for run in past if run.id == scope.retry_of), None)
    plans = [
        Volumes(run.finished_at, run.counts, run.fingerprint == fingerprint)
        for run in past
        if run.mode == "plan"
        and run.scope == scope
        and run.outcome == RunOutcome.COMPLETED
        and run.finished_at is not None
    ]
    return next((plan for plan in plans if plan.same_mapping), plans[0] if plans else None)


def _left_over(past: PastRun) -> Volumes:
    """What an earlier run left failed, rejected or held, for the person who confirms its retry."""
    refused = {
        name: EntityCounts.of({"held": c.held, "rejected": c.rejected, "failed": c.failed})
        for name, c in past.counts.items()
        if c.refused
    }
    return Volumes(past.finished_at or past.started_at, refused, by="what was left by the run")


def _written(past: PastRun) -> Volumes:
    """What an earlier run made and changed, for the person who confirms its undo: no more can be undone."""
    written = {
        name: EntityCounts.of({"created": c.created, "updated": c.updated})
        for name, c in past.counts.items()
        if c.created or c.updated
    }
    return Volumes(past.finished_at or past.started_at, written, by="what was created and updated by the run")


def granted(windows: Sequence[Window]) -> Window | None:
    """The newest of a run's windows that was confirmed: a resumed run isn't asked again."""
    return next((window for window in reversed(windows) if window.claimed_by), None)


def write_back_mode(run: Run, asked: str | None, usual: str) -> WriteBackMode:
    """What a run may do to Gentrack: as it was asked for, else as the instance has it; an undo, nothing."""
    return WriteBackMode.REPORT if run.scope.undo_of else WriteBackMode(asked or usual)


def may_write_back(window: Window) -> bool:
    """Whether somebody confirmed that the run of a window writes to Gentrack."""
    return WRITE_BACK in (window.attestations or {})


def asked_to_write_back(planned: WriteBack | None) -> str:
    """What a person says yes or no to, with the counts of the newest plan where there is one."""
    if planned is None:
        counted = "No plan has counted the fields."
    else:
        would = by_entity(planned.counts, WriteBackOutcome.LISTED)
        fields = ", ".join(f"{number:,} of {name}" for name, number in would.items()) or "none"
        waiting = planned.of(WriteBackOutcome.HELD)
        counted = f"By the newest plan: {fields}" + (f"; {waiting:,} wait for a review." if waiting else ".")
    return (
        "Fields that Salesforce masters and that differ are written to Gentrack. It can't be undone by"
        f" connector undo. {counted} Without it they are only listed."
    )


def judged(answer: Answer, instance: str, attestations: Mapping[str, str]) -> str:
    """What is wrong with an answer, "" where it is a yes. Raises NotConfirmed where it is a no."""
    if answer.decision != START:
        raise NotConfirmed(f"{answer.name or 'Somebody'} declined.", todo="Nothing was changed.")
    if not answer.name.strip():
        return "Your name is missing."
    if answer.instance.strip() != instance:
        return f"The instance is {instance}, but {answer.instance} was typed."
    missing = [text for key, text in attestations.items() if key not in answer.attested]
    return f"Not attested: {' '.join(missing)}" if missing else ""


def page(
    instance: str,
    name: str,
    findings: Sequence[Finding],
    volumes: Volumes | None,
    *,
    manual_events: bool,
    now: datetime,
    complaint: str = "",
    scope: Scope = EVERYTHING,
    write_back: str | None = None,
) -> str:
    """What a person reads before confirming, as Markdown. `write_back` is the question about it."""
    events = "is off, as you have put it **by hand**" if manual_events else "is switched off"
    switched = (
        "the Gentrack triggers in Salesforce are switched off for the integration user, and Gentrack's event"
        f" publishing {events}"
    )
    what_happens = (
        f"If you start it, the outage window opens at once: {switched}. Then {_done(scope)}, verified and"
        " reported. At the end, and also if the run fails, all is put back as it is now. Nobody should change"
        " records on either side meanwhile."
    )
    return "\n".join(
        [
            *([f"**Not started.** {complaint}", ""] if complaint else []),
            f"# {scope.title} of {name} ({instance})",
            "",
            what_happens,
            "",
            *_volumes(volumes, now, scope),
            *(["", "## Write-back to Gentrack", "", write_back] if write_back else []),
            "",
            "## What preflight found",
            "",
            *([_line(finding) for finding in findings] or ["Nothing that you need to know."]),
        ]
    )


def _done(scope: Scope) -> str:
    if scope.undo_of:
        return (
            f"**what run {scope.undo_of} created is deleted, and what it updated gets its values back**,"
            " where nobody has touched it since; the rest is left and listed"
        )
    return f"{_loaded(scope)} loaded into Salesforce"


def _loaded(scope: Scope) -> str:
    if scope.is_pilot:
        return f"**only a {scope.told}**, with everything that hangs on them and what that needs, is"
    if scope.retry_of:
        return (
            f"**only the rows that run {scope.retry_of} left failed, rejected or held** are read again on"
            " both sides, and what is mended of them is"
        )
    return "everything that Gentrack has is"


def _volumes(volumes: Volumes | None, now: datetime, scope: Scope) -> list[str]:
    if volumes is None:
        what = f"No plan has been made for this {scope.kind or 'instance'}"
        return [
            "## Volumes",
            "",
            f"{what}: how many records will change is not known beforehand.",
        ]
    if not volumes.same_mapping:
        made = (
            f"The newest plan, of {volumes.planned_at:%d %B %Y, %H:%M} UTC, was made with **another mapping**"
        )
        return [
            "## Volumes",
            "",
            f"{made}: its counts do not hold for this run. Make a new plan, or go by what preflight found.",
        ]
    hours = (now - volumes.planned_at).total_seconds() / 3600
    rows = [
        f"| {entity} | " + " | ".join(f"{number:,}" for number in counts.as_dict().values()) + " |"
        for entity, counts in volumes.entities.items()
    ]
    names = list(EntityCounts().as_dict())
    return [
        f"## Volumes, by {volumes.by} of {volumes.planned_at:%d %B %Y, %H:%M} UTC ({hours:.1f} hours ago)",
        "",
        f"| entity | {' | '.join(names)} |",
        f"|---|{'---:|' * len(names)}",
        *rows,
    ]


def _line(finding: Finding) -> str:
    mark = "**To attest**: " if finding.severity is Severity.ATTEST else ""
    return f"- {mark}{finding.where}: {finding.what} {finding.todo}".rstrip()
