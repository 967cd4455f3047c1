"""On-demand synchronisation in a run: its jobs, what came of them, and what the Prefect UI shows of that.

No Prefect tasks: each would take longer than the work.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run
from prefect.states import Completed, Failed, State

from connector.errors import InstanceInUse
from connector.mapping.agreement.terms import Direction
from connector.model.outcome import REFUSED, RowOutcome, RunOutcome
from connector.model.sync_job import JobState, SyncJob, SyncRequest
from connector.model.window import WindowState
from connector.ongoing import parties_of
from connector.sync.on_demand.carry_out import results_of, settle
from connector.sync.on_demand.synchronising import RecordsOnDemand
from tasks.connection import connection, hurried_connection
from tasks.task import told_here

_LEASE = timedelta(minutes=30)
"""Of jobs of a run that somebody started in the UI: a service takes them up where it died."""
_BY = "Prefect UI"


def begin(instance: str, direction: Direction, entity: str, records: Sequence[str]) -> list[SyncJob]:
    """The jobs of this run: those that it was started for, else new ones.

    Raises SettingsInvalid; InstanceInUse while the outage window is open.
    """
    at, run_id = connection(instance), str(flow_run.id)
    jobs = at.ledger.sync_jobs
    given = [job for job in jobs.of_run(run_id) if job.state is JobState.RUNNING]
    if given:
        return given
    for window in at.ledger.windows.held(instance):
        if window.state is WindowState.OPEN:
            raise InstanceInUse(
                f"The outage window of {instance} is open: run {window.run_id} is under way.",
                todo="Start this again when that has ended; what is asked for by the API waits by itself.",
            )
    requests = [SyncRequest(direction.value, entity, record) for record in dict.fromkeys(records)]
    return jobs.begun(instance, requests, run_id=run_id, by=_BY, lease=_LEASE)


def carry_out(jobs: Sequence[SyncJob]) -> None:
    """Synchronise their records, and keep what came of them."""
    with told_here("on-demand synchronisation"):
        results = results_of(jobs, records_on_demand)
    settle(jobs, results, connection(jobs[0].instance).ledger.sync_jobs)


def records_on_demand(instance: str) -> RecordsOnDemand:
    """What synchronises records of an instance, and waits for neither side as long as a run does.

    Raises SettingsInvalid.
    """
    at = hurried_connection(instance)
    return RecordsOnDemand(parties_of(at), at.ledger.dead_letters)


def conclude(jobs: Sequence[SyncJob]) -> State:
    """Let the run's page say what came of them: field names and reasons by code, no values."""
    instance, run_id = jobs[0].instance, str(flow_run.id)
    kept = connection(instance).ledger.sync_jobs
    ended = [known for job in jobs if (known := kept.find(instance, job.id)) is not None]
    create_markdown_artifact(_page(ended), key="on-demand", description="What came of each record.")
    outcome, message = _outcome(ended), _message(ended)
    if outcome is not RunOutcome.COMPLETED:
        with get_client(sync_client=True) as client:
            tags = {*flow_run.tags, outcome.value.replace(" ", "-")}
            client.update_flow_run(UUID(run_id), tags=tags)
    return (Failed if outcome is RunOutcome.FAILED else Completed)(message=message)


def _outcome(jobs: Sequence[SyncJob]) -> RunOutcome:
    outcomes = {None if job.result is None else job.result.outcome for job in jobs}
    unended = any(job.result is None for job in jobs)
    if unended or outcomes == {RowOutcome.FAILED}:
        return RunOutcome.FAILED
    return RunOutcome.COMPLETED_WITH_ERRORS if outcomes & {*REFUSED} else RunOutcome.COMPLETED


def _message(jobs: Sequence[SyncJob]) -> str:
    if len(jobs) == 1:
        return f"{jobs[0].request.entity} {jobs[0].request.record}: {jobs[0].summary}"
    counts: dict[str, int] = {}
    for job in jobs:
        told = job.outcome or "to be tried again"
        counts[told] = counts.get(told, 0) + 1
    return f"{len(jobs)} records: " + ", ".join(f"{number} {told}" for told, number in counts.items())


def _page(jobs: Sequence[SyncJob]) -> str:
    asked = jobs[0].request
    lines = [f"{asked.direction}, {asked.entity}. Values are personal: the API shows them."]
    for job in jobs:
        lines += _section(job)
    return "\n".join(lines)


def _section(job: SyncJob) -> list[str]:
    """What came of a record, what to do about it, and its fields."""
    reason = job.result.reason if job.result else job.reason
    code = f" ({reason.code})" if reason and job.result and job.result.outcome in REFUSED else ""
    lines = ["", f"## {_cell(job.request.record)}", "", f"{_cell(job.summary)}{code}"]
    if reason and reason.todo:
        lines += ["", f"**What to do:** {_cell(reason.todo)}"]
    fields = job.result.fields if job.result else ()
    if fields:
        lines += ["", "| field | master | what was done | why |", "|---|---|---|---|"]
        lines += [f"| {one.name} | {one.master} | {one.verdict} | {_cell(one.why)} |" for one in fields]
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
