"""Report: the full truth of a run, on this machine and as a record with files in Salesforce."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from connector.errors import ConnectorError
from connector.mapping.vocabulary import EntitySpec
from connector.model.outcome import EntityCounts
from connector.model.run import Run
from connector.model.summary import Reason, Summary
from connector.sync.pages import page as fill
from connector.sync.ports import SalesforceOrg
from connector.sync.review_file import REVIEW_FILE
from connector.sync.run_record import RUN_KEY, RUN_OBJECT, record_of
from connector.sync.settling import refused_by_reason, settled_counts, write_errors
from connector.sync.staged_sql import Workspace
from connector.sync.write_back_told import WRITE_BACK_FILE

ERRORS_FILE = "errors.csv"
SUMMARY_FILE = "summary.html"
MACHINE_FILE = "summary.json"
_ATTACHED = (ERRORS_FILE, SUMMARY_FILE, REVIEW_FILE, WRITE_BACK_FILE)


def settle(run: Run, entities: Sequence[EntitySpec], workspace: Workspace) -> dict[str, EntityCounts]:
    """Entity -> what became of its rows; entities that the run never came to have no rows."""
    counts = {spec.name: settled_counts(run, spec, workspace) for spec in entities}
    return {name: known or EntityCounts() for name, known in counts.items()}


def write_report(
    run: Run, entities: Sequence[EntitySpec], summary: Summary, workspace: Workspace, folder: Path
) -> Summary:
    """Write errors.csv (rows with personal data) and summary.html; returns the summary that names them."""
    reasons = write_refused(run, entities, summary.entities, workspace, folder)
    told = summary.told(
        report_file=str(folder / SUMMARY_FILE), errors_file=str(folder / ERRORS_FILE), reasons=reasons
    )
    (folder / SUMMARY_FILE).write_text(page(told), "utf-8")
    return told


def write_refused(
    run: Run,
    entities: Sequence[EntitySpec],
    counts: Mapping[str, EntityCounts],
    workspace: Workspace,
    folder: Path,
) -> tuple[Reason, ...]:
    """Write errors.csv, each row that is not in the wished state beside its source; returns the reasons.

    `counts` are by Salesforce object.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    reasons: list[Reason] = []
    errors = folder / ERRORS_FILE
    with errors.open("w", encoding="utf-8", newline="") as whole:
        whole.write("object,external_id,salesforce_id,outcome,code,field,reason,what_to_do,source_row\n")
        for spec in entities:
            if not counts[spec.salesforce_object].refused:
                continue
            reasons += refused_by_reason(run, spec, workspace)
            part = folder / f"{spec.name}.part"
            write_errors(run, spec, workspace, part)
            with part.open(encoding="utf-8", newline="") as rows:
                next(rows)
                whole.writelines(rows)
            part.unlink()
    return tuple(reasons)


def page(summary: Summary) -> str:
    """The summary as a page that stands alone: what happened, counts as bars, what to do next."""
    return fill("summary.html.j2", summary=summary)


def publish(run: Run, summary: Summary, org: SalesforceOrg, folder: Path) -> Summary:
    """Make the run's record in Salesforce and attach the files; returns the summary with its address.

    Safe to repeat: the record is found by the run's id, and files that an earlier attempt of the run attached
    make room for those of this one. They go first: an attachment whose answer is lost is known by its title.
    """
    record_id = org.upsert_record(RUN_OBJECT, RUN_KEY, run.id, record_of(run, summary))
    links = org.query(
        "SELECT ContentDocumentId, ContentDocument.Title FROM ContentDocumentLink"
        f" WHERE LinkedEntityId = '{record_id}'"
    )
    for link in links:
        if link["ContentDocument"]["Title"] in _ATTACHED:
            org.delete_record("ContentDocument", link["ContentDocumentId"])
    for file in _ATTACHED:
        if (folder / file).exists():
            org.attach_file(record_id, file, folder / file)
    return summary.told(report_url=org.record_url(RUN_OBJECT, record_id))


def republish(run: Run, summary: Summary, org: SalesforceOrg, folder: Path) -> Summary:
    """Let the page on this machine and the run's record say what was learned after the report."""
    (folder / SUMMARY_FILE).write_text(page(summary), "utf-8")
    try:
        org.upsert_record(RUN_OBJECT, RUN_KEY, run.id, record_of(run, summary))
    except ConnectorError as error:
        return summary.told(
            message=f"{summary.message} The run's record in Salesforce is not up to date: {error.message}"
        )
    return summary


def try_to_publish(run: Run, summary: Summary, org: SalesforceOrg, folder: Path) -> Summary:
    """Publish a failed run: if Salesforce is what failed, the report on this machine stays the only one."""
    try:
        return publish(run, summary, org, folder)
    except ConnectorError as error:
        return summary.told(message=f"{summary.message} The report is not in Salesforce: {error.message}")


def keep(summary: Summary, folder: Path) -> None:
    """Write summary.json, the form for machines, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = folder / f"{MACHINE_FILE}.unfinished"
    unfinished.write_text(json.dumps(summary.as_dict(), indent=2) + "\n", "utf-8")
    unfinished.replace(folder / MACHINE_FILE)


def by_object(entities: Sequence[EntitySpec], counts: Mapping[str, EntityCounts]) -> dict[str, EntityCounts]:
    """Counts by entity -> counts by Salesforce object, in the order of loading."""
    return {spec.salesforce_object: counts[spec.name] for spec in entities}
