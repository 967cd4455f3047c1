"""The stage confirm, in the flow's own thread: only a top flow can suspend.

A suspended run ends its process and starts from the top when it is resumed, so everything here may be done
again. Each question has a key of its own: Prefect gives the answer to a key that has been asked before.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, Literal

from prefect import get_run_logger
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment
from pydantic import Field, create_model

from connector.bootstrap import Connection
from connector.errors import NotConfirmed, SwitchStuck
from connector.model.audit import AuditAction
from connector.model.finding import Finding
from connector.model.run import Run
from connector.model.window import Window
from connector.model.write_back import WriteBackMode
from connector.sync import confirm as verb
from tasks.close_window import close_abandoned, is_abandoned
from tasks.connection import connection

_GRACE = 900
"""Seconds that Prefect waits longer than we do, so that it is the watchdog who ends the run and tells why."""


def confirm(
    run: Run, findings: Sequence[Finding], confirmed_by: str | None, write_back: str | None = None
) -> Window:
    """Take the instance for this run and have it confirmed; returns its window, the lease begun.

    `write_back` asks for another mode than the instance's; whoever answers beforehand by `confirmed_by` has
    to ask for `write` by it, since writing to Gentrack is confirmed by itself.
    A run that was confirmed once isn't asked again. Raises InstanceInUse, NotConfirmed, SwitchStuck.
    """
    at = connection(run.instance)
    windows = at.ledger.windows
    _close_left_behind(run, at)
    window = windows.reserve(run, at.instance.window.confirm_within)
    if window.claimed_by:
        return window
    known = windows.of_run(run.id)
    attestations = verb.to_attest(findings)
    mode = verb.write_back_mode(run, write_back, at.instance.write_back.mode)
    if mode == WriteBackMode.WRITE:
        _ = at.write_back_records  # names what is missing to write, now and not after the load
    name = confirmed_by
    if before := verb.granted(known):
        name, attestations = before.claimed_by, dict(before.attestations or {})
        at.ledger.begin_anew(run)  # its window was closed meanwhile: both sides may have changed
    elif confirmed_by is None:
        asked = _write_back_question(run, at) if mode == WriteBackMode.WRITE else None
        answer = _asked(run, at, window, findings, asked, attempt=len(known))
        name = answer.name
        if answer.write_back and asked:
            attestations |= {verb.WRITE_BACK: asked}
    elif write_back == WriteBackMode.WRITE:
        attestations |= {verb.WRITE_BACK: "Asked for by the parameter of the run."}
    get_run_logger().info("confirmed by %s", name)
    return windows.claim(window, name or "", attestations, at.instance.window.lease_minutes * 60)


def _close_left_behind(run: Run, at: Connection) -> None:
    """Close what a run before this one, or this one before it died, has left open and nobody will close."""
    for window in at.ledger.windows.held(run.instance):
        if window.lapsed or (window.run_id != run.id and is_abandoned(window)):
            closure = close_abandoned(window)
            if not closure.closed:
                raise SwitchStuck(f"Run {window.run_id} left it open: {closure.told}")


def _write_back_question(run: Run, at: Connection) -> str:
    past = at.ledger.history.finished_before(run.instance, datetime.now(UTC))
    plans = (at.ledger.write_backs.find(one.id) for one in past if one.mode == "plan")
    return verb.asked_to_write_back(next((plan for plan in plans if plan is not None), None))


def _asked(
    run: Run,
    at: Connection,
    window: Window,
    findings: Sequence[Finding],
    write_back: str | None,
    *,
    attempt: int,
) -> verb.Answer:
    """Ask until the answer is one; suspends the run, whose process ends here, once for each question."""
    if deployment.id is None:
        raise NotConfirmed(
            "Only a run of a deployment can wait for its confirmation.",
            todo="Start the deployment initial-sync, or give confirmed_by.",
        )
    attestations, complaint = verb.to_attest(findings), ""
    now = datetime.now(UTC)
    for question in count(1):
        page = verb.page(
            run.instance,
            at.instance.name,
            findings,
            verb.known_volumes(
                at.ledger.history.finished_before(run.instance, now), at.fingerprint, run.scope
            ),
            manual_events=at.events_to_switch is None,
            now=now,
            complaint=complaint,
            scope=run.scope,
            write_back=write_back,
        )
        form = _form(run.instance, attestations, write_back).with_initial_data(description=page)
        key = "confirm" if (attempt, question) == (1, 1) else f"confirm-{attempt}-{question}"
        seconds = max(1, int((window.lease_until - now).total_seconds()))
        given = suspend_flow_run(wait_for_input=form, key=key, timeout=seconds + _GRACE).model_dump()
        attested = frozenset(name for name in attestations if given.get(name) is True)
        answer = verb.Answer(
            given["name"],
            given["instance"],
            given["decision"],
            attested,
            write_back=given.get(verb.WRITE_BACK) is True,
        )
        try:
            complaint = verb.judged(answer, run.instance, attestations)
        except NotConfirmed:
            at.ledger.audit.keep(run.instance, answer.name, AuditAction.DECLINED, run_id=run.id)
            raise
        if not complaint:
            return answer
    raise AssertionError("count() has no end")


def _form(instance: str, attestations: dict[str, str], write_back: str | None) -> type[RunInput]:
    """The form: Prefect's server holds an answer against its schema before it resumes the run."""
    fields: dict[str, Any] = {
        "name": (str, Field(pattern=r"\S", title="Your name", description="Kept with the run, as typed.")),
        "instance": (
            str,
            Field(pattern=f"^{instance}$", title="Instance", description="Type the instance's id once more."),
        ),
        "decision": (
            Literal["start", "decline"],
            Field(title="Decision", description="Declining ends the run; nothing is changed."),
        ),
    }
    for key, text in attestations.items():
        fields[key] = (bool, Field(default=False, title="I vouch for this", description=text))
    if write_back:
        fields[verb.WRITE_BACK] = (
            bool,
            Field(default=False, title="Write back to Gentrack", description=write_back),
        )
    return create_model("Confirmation", __base__=RunInput, **fields)
