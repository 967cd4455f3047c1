"""The report of a plan as tasks: files on this machine, and counts and keys in the Prefect UI."""

from collections.abc import Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from connector.bootstrap import Connection
from connector.mapping.ownership import Owners
from connector.mapping.vocabulary import EntitySpec
from connector.model.finding import Finding
from connector.model.outcome import RunOutcome
from connector.model.plan import Plan
from connector.model.run import Run
from connector.model.summary import Summary
from connector.model.write_back import WriteBackMode
from connector.sync import plan as verb
from connector.sync.owner_skew import SKEW, planned_skew
from connector.sync.plan_files import PLAN_PAGE, write_plan
from connector.sync.report import ERRORS_FILE, keep
from connector.sync.review_file import REVIEW_FILE, write_review
from connector.sync.write_back_told import tell_write_back
from tasks.connection import connection
from tasks.task import task


@task("plannable", run_name="plannable")
def plannable(run: Run) -> tuple[EntitySpec, ...]:
    """The entities that the org shows wholly, so that they can be planned."""
    at = connection(run.instance)
    return verb.plannable(at.entities, at.salesforce)


@task("plan report", run_name="plan report")
def plan_report(run: Run, findings: Sequence[Finding]) -> Summary:
    """The plan of a run that transformed all that can be planned."""
    at = connection(run.instance)
    entities = verb.plannable(at.entities, at.salesforce)
    folder = at.report_folder(run)
    differing = tell_write_back(run, WriteBackMode.REPORT, at.workspace(run), folder)
    at.ledger.write_backs.keep(run, differing)
    plan = verb.plan(
        run,
        entities,
        at.workspace(run),
        folder,
        findings=[*(f for f in findings if f.where != SKEW), *_skew(run, at, entities)],
        limits=at.salesforce.limits(),
        rejected_share=at.instance.load.rejected_share,
        limits_left=at.instance.load.limits_left,
        past=at.ledger.history.finished_before(run.instance, run.started_at),
        left_out=[spec.salesforce_object for spec in at.entities if spec not in entities],
        write_back=differing,
    )
    for spec in entities:
        at.ledger.set_counts(run, spec.name, plan.entities[spec.salesforce_object])
    write_plan(plan, folder)
    write_review(at.ledger.reviews.proposals(run.instance), at.staging, folder / REVIEW_FILE)
    summary = Summary(
        run,
        RunOutcome.COMPLETED,
        None,
        f"plan{f' of a {run.scope.told}' if run.scope.told else ''}: {plan.message}"
        + ("; something stands in its way" if plan.blocked else ""),
        plan.finished_at,
        plan.entities,
        reasons=plan.reasons,
        report_file=str(folder / PLAN_PAGE),
        errors_file=str(folder / ERRORS_FILE),
        write_back=differing,
    )
    keep(summary, folder)
    _show(plan, summary)
    return summary


def _skew(run: Run, at: Connection, entities: Sequence[EntitySpec]) -> list[Finding]:
    """Who would own very many records, by the rows of the plan."""
    owners = Owners() if at.instance.owners is None else at.owners
    specs = [at.entity(spec.name) for spec in entities]
    return planned_skew(run, specs, owners, at.salesforce.user_name(), at.workspace(run))


def _show(plan: Plan, summary: Summary) -> None:
    """The plan in the Prefect UI. Samples stay on this machine: they hold personal data."""
    create_table_artifact(
        key="plan",
        table=[{"object": name, **counts.as_dict()} for name, counts in plan.entities.items()],
        description=summary.message,
    )
    create_markdown_artifact(
        key="plan-outlook", description=summary.message, markdown=_outlook(plan, summary)
    )


def _outlook(plan: Plan, summary: Summary) -> str:
    about = f" of a {plan.run.scope.told}" if plan.run.scope.told else ""
    lines = [f"# Plan{about}", "", f"A migration would end with {plan.message}.", ""]
    if plan.left_out:
        lines += [f"**Not planned:** {', '.join(plan.left_out)}", ""]
    lines += _table(
        "It can't start before this is mended",
        ("where", "what", "what to do"),
        [(finding.where, finding.what, finding.todo) for finding in plan.blocking],
    )
    lines += _table(
        "Rows that would not come through",
        ("object", "outcome", "code", "field", "rows", "what to do"),
        [(r.sobject, r.outcome, r.code, r.field, f"{r.rows:,}", r.todo) for r in plan.reasons],
    )
    if plan.write_back is not None:
        lines += _table(
            "Fields that Salesforce masters and that differ from Gentrack",
            ("object", "field", "outcome", "code", "records", "what to do"),
            [
                (c.sobject, c.field, c.outcome, c.code, f"{c.fields:,}", c.todo)
                for c in plan.write_back.counts
            ],
        )
    lines += _table(
        "What it takes of the org",
        ("allocation", "needed", "left now", "of it for others", ""),
        [
            (
                cost.name,
                f"{cost.needed:,}",
                "?" if cost.remaining is None else f"{cost.remaining:,}",
                f"{cost.left_to_others:,}",
                "" if cost.fits else "not enough",
            )
            for cost in plan.costs
        ],
    )
    lines += _table(
        f"How long it may take: about {plan.estimated_seconds:,.0f} s",
        ("stage", "rows", "rows/s", "seconds", "rate"),
        [
            (s.stage, f"{s.rows:,}", f"{s.rows_per_second:,.0f}", f"{s.seconds:,.1f}", s.source)
            for s in plan.durations
        ],
    )
    return "\n".join(
        [
            *lines,
            "On the machine of the run:",
            "",
            f"- Samples of rows, with what would change: `{summary.report_file}`",
            f"- Every row that would not come through, with its source and reason: `{summary.errors_file}`",
        ]
    )


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    body = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    return [f"## {title}", "", " | ".join(head), " | ".join("---" for _ in head), *body, ""]
