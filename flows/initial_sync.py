"""Initial synchronisation: everything that Gentrack has, into Salesforce, with a true report at the end."""

from typing import Annotated, Literal

from prefect import flow
from prefect.futures import wait
from prefect.states import Completed, Failed, State
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from connector.entities import registry
from connector.mapping.order import in_linking_order
from connector.mapping.vocabulary import EntitySpec
from connector.model.run import Run, Stage
from connector.model.scope import pilot
from connector.model.summary import Summary
from connector.model.verification import Verification
from connector.model.window import Window
from flows.extracting import extract
from tasks.agree import agree
from tasks.close_window import close_at_once, close_window
from tasks.confirm import confirm
from tasks.lease import lease_kept
from tasks.link import link
from tasks.notify import notify
from tasks.open_window import open_window
from tasks.preflight import preflight
from tasks.report import report, report_failure
from tasks.stages import StageFailed, begin, conclude, staged
from tasks.transform import rejected_share_checked, transform
from tasks.upsert import finish, line_up, upsert
from tasks.verify import verify
from tasks.write_back import find_differing, write_back

RejectedShare = Annotated[float, Field(ge=0, le=1)]
SampleSize = Annotated[int, Field(ge=1)]


@flow(
    name="initial-sync",
    flow_run_name="{instance} initial synchronisation",
    description=__doc__,
    task_runner=ThreadPoolTaskRunner(max_workers=16),  # type: ignore[arg-type]
    validate_parameters=True,
)
def initial_sync(
    instance: str,
    confirmed_by: str | None = None,
    rejected_share: RejectedShare | None = None,
    accounts: list[str] | None = None,
    sample: SampleSize | None = None,
    *,
    write_back: Literal["report", "write"] | None = None,
) -> State:
    """Synchronise one instance. Prefect shows what stands below `Args` beside the form's fields.

    Args:
        instance: The tenant's id: the name of its file in instances/, without .toml.
        confirmed_by: Who answers for the run, where it shall start without asking. Empty: it asks.
        rejected_share: Share of an entity's rows that may be rejected, 0 to 1. Empty: the instance's own.
        accounts: For a pilot, the numbers of the accounts that it is about. Empty: everything.
        sample: For a pilot, how many accounts it shall take by itself. Not with accounts.
        write_back: Whether fields that Salesforce masters are written to Gentrack. Empty: the instance's own.
    """
    run = begin(instance, scope=pilot(accounts, sample))
    return synchronise(run, confirmed_by, rejected_share, write_back)


def synchronise(
    run: Run, confirmed_by: str | None, rejected_share: float | None, write_back: str | None = None
) -> State:
    """All stages of a run, whatever it is about; its last state says how it ended."""
    try:
        summary = _all_stages(run, confirmed_by, rejected_share, write_back)
    except StageFailed as failed:
        summary = report_failure(run, failed.stage, failed.reason, close_at_once(run))
        summary = notify(run, summary)
        conclude(run, summary)
        return Failed(message=summary.message)
    conclude(run, summary)
    return Completed(message=summary.message)


def _all_stages(
    run: Run, confirmed_by: str | None, rejected_share: float | None, write_back: str | None
) -> Summary:
    with staged(run, Stage.PREFLIGHT):
        findings = preflight(run)
    with staged(run, Stage.CONFIRM):
        window = confirm(run, findings, confirmed_by, write_back)
    with lease_kept(window):
        with staged(run, Stage.OPEN_WINDOW):
            open_window(run, window)
        summary = _load(run, window, rejected_share)
        with staged(run, Stage.CLOSE_WINDOW):
            summary = close_window(run, window, summary)
    with staged(run, Stage.NOTIFY):
        return notify(run, summary)


def _load(run: Run, window: Window, rejected_share: float | None) -> Summary:
    """The stages inside the outage window."""
    with staged(run, Stage.EXTRACT):
        extract(run, registry())
    with staged(run, Stage.LINK):
        for spec in in_linking_order(registry()):
            link(run, spec.name)
    with staged(run, Stage.TRANSFORM):
        for spec in registry():
            transform(run, spec.name)
        rejected_share_checked(run, rejected_share)
    with staged(run, Stage.UPSERT):
        for spec in registry():
            _upsert(run, spec)
    with staged(run, Stage.WRITE_BACK):
        find_differing(run)
        write_back(run, window)
    with staged(run, Stage.VERIFY):
        verifications = _verify(run)
    with staged(run, Stage.REPORT):
        return report(run, verifications)


def _upsert(run: Run, spec: EntitySpec) -> None:
    """An entity after its parents, its batches side by side: no two of them share a lock parent."""
    groups = line_up(run, spec.name)
    sent = [upsert.submit(run, spec.name, number, batches) for number, batches in enumerate(groups, start=1)]
    wait(sent)
    for future in sent:
        future.result()
    for waited in registry():
        if waited.finished_after == spec.name:
            finish(run, waited.name)


def _verify(run: Run) -> list[Verification]:
    waiting = [verify.submit(run, spec.name) for spec in registry()]
    verifications = [future.result() for future in waiting]
    for spec in registry():
        agree(run, spec.name)
    return verifications
