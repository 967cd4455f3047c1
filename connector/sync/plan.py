"""Plan: what transform decided, told to a person before anything is written.

It reads staged parts only. Counts and reasons are those that a migration would come to; what Salesforce
itself refuses - a validation rule, a lock - nobody knows beforehand.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from connector.errors import RequestRefused
from connector.mapping import columns as named
from connector.mapping.converters import text_columns
from connector.mapping.decisions import Operation
from connector.mapping.diff import differences
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, Master, NullPolicy
from connector.model.finding import Finding
from connector.model.history import PastRun
from connector.model.outcome import EntityCounts, RowOutcome, total_of
from connector.model.plan import FieldChange, Plan, Sample
from connector.model.run import Run
from connector.model.write_back import WriteBack
from connector.sync import folders
from connector.sync.estimates import Load, costs, durations
from connector.sync.finish import foresee_held
from connector.sync.ports import SalesforceOrg
from connector.sync.rejected_share import share_findings
from connector.sync.report import by_object, settle, write_refused
from connector.sync.staged_sql import StagedSql, Workspace, quoted

SAMPLES = 20
"""Rows of each object, outcome and code that are shown."""


def plannable(entities: Sequence[EntitySpec], org: SalesforceOrg) -> tuple[EntitySpec, ...]:
    """The entities whose object, fields and parents the org shows, parents before children."""
    able: dict[str, EntitySpec] = {}
    for spec in entities:
        try:
            described = org.describe(spec.salesforce_object)
        except RequestRefused:
            continue
        asked = {EXTERNAL_ID, *(line.api_name for line in spec.fields), *(p.field for p in spec.parents)}
        if asked <= described.fields.keys() and all(p.entity in able for p in spec.first_parents):
            able[spec.name] = spec
    return tuple(able.values())


def plan(
    run: Run,
    entities: Sequence[EntitySpec],
    workspace: Workspace,
    folder: Path,
    *,
    findings: Sequence[Finding],
    limits: Mapping[str, Mapping[str, int]],
    past: Sequence[PastRun],
    rejected_share: float,
    limits_left: float = 0.0,
    left_out: Sequence[str] = (),
    write_back: WriteBack | None = None,
) -> Plan:
    """What a migration would do; every entity is transformed already. Writes errors.csv into `folder`.

    `limits` are the org's own, of which the share `limits_left` is left to others, `past` the runs that its
    rates are taken from, `rejected_share` is what may be rejected of an entity, and `left_out` names the
    objects that could not be planned, and `write_back` is what differs on Salesforce's side.
    """
    for spec in entities:
        foresee_held(run, spec, workspace)
    counts = settle(run, entities, workspace)
    known = by_object(entities, counts)
    reasons = write_refused(run, entities, known, workspace, folder)
    loads: dict[str, Load] = {}
    samples: list[Sample] = []
    for spec in entities:
        with workspace.sql() as sql:
            sql.table("plan", folders.plan(run, spec.name))
            sql.table("prepared", folders.prepared(run, spec.name))
            sql.table("existing", folders.salesforce(run, spec.name))
            loads[spec.name] = _load(spec, sql, counts[spec.name])
            samples += _samples(spec, sql)
    together = total_of(counts.values())
    return Plan(
        run=run,
        finished_at=datetime.now(UTC),
        message=_message(together),
        entities=known,
        reasons=reasons,
        findings=(*findings, *share_findings(entities, counts, reasons, rejected_share)),
        costs=costs(entities, loads, limits, limits_left),
        durations=durations(together, past),
        samples=tuple(samples),
        left_out=tuple(left_out),
        write_back=write_back,
    )


def _message(counts: EntityCounts) -> str:
    parts = [f"{number:,} {name}" for name, number in counts.as_dict().items() if number and name != "read"]
    return ", ".join(parts) or "no rows"


def _load(spec: EntitySpec, sql: StagedSql, counts: EntityCounts) -> Load:
    """A job for the creations and one for the updates of each batch, and one for those that it finishes.

    Creations of what the platform makes by itself are counted as two: those that are there are adopted.
    """
    sent, made = f"{named.OPERATION} <> '{Operation.NONE}'", f"{named.OPERATION} = '{Operation.CREATE}'"
    jobs = _job_sizes(sql, sent, f", {named.OPERATION}")
    if spec.found_by_parents:
        jobs += _job_sizes(sql, made)
    waiting = [f"({sent} AND {quoted(named.target(f.api_name))} <> '{f.born}')" for f in spec.born_fields]
    waiting += [f"({made} AND {quoted(named.parent_key(p.field))} IS NOT NULL)" for p in spec.later_parents]
    if waiting:
        jobs += _job_sizes(sql, " OR ".join(waiting))
    found = sql.rows("SELECT count(*) FROM existing")[0][0]
    return Load(tuple(jobs), found=int(str(found)), created=counts.created)


def _job_sizes(sql: StagedSql, chosen: str, apart: str = "") -> list[int]:
    rows = sql.rows(f"SELECT count(*) FROM plan WHERE {chosen} GROUP BY {named.BATCH}{apart}")
    return [int(str(number)) for (number,) in rows]


def _samples(spec: EntitySpec, sql: StagedSql) -> list[Sample]:
    """The first rows of each outcome and code, with what would change in those that are updated."""
    sides = [named.salesforce(line.api_name) for line in spec.fields]
    frames = [
        table.to_pandas(types_mapper=text_columns)
        for _, table in sql.batches(f"""
            SELECT plan.* EXCLUDE ({named.BATCH}), 0 AS {named.BATCH},
                   {", ".join(f"prepared.{quoted(name)}" for name in sides)}
            FROM (
                SELECT unnest(min({named.ROW}, {SAMPLES})) AS {named.ROW}
                FROM plan GROUP BY {named.OUTCOME}, {named.CODE}
            ) AS chosen
            JOIN plan USING ({named.ROW})
            JOIN prepared USING ({named.ROW})
            ORDER BY plan.{named.OUTCOME}, plan.{named.CODE} NULLS FIRST, plan.{named.ROW}
        """)
    ]
    return [sample for frame in frames for sample in _told(spec, frame)]


def _told(spec: EntitySpec, frame: pd.DataFrame) -> list[Sample]:
    changing = _changing(spec, frame)
    columns = [
        [None if pd.isna(value) else str(value) for value in frame[name]]
        for name in (named.KEY, named.SALESFORCE_ID, *named.VERDICT)
    ]
    return [
        Sample(
            sobject=spec.salesforce_object,
            outcome=outcome or "",
            code=code or "",
            key=key or "",
            salesforce_id=salesforce_id,
            field=field or "",
            reason=reason or "",
            todo=todo or "",
            changes=_changes(spec, frame.iloc[place], changing.iloc[place])
            if outcome == RowOutcome.UPDATED
            else (),
        )
        for place, (key, salesforce_id, outcome, code, field, reason, todo) in enumerate(
            zip(*columns, strict=True)
        )
    ]


def _changing(spec: EntitySpec, frame: pd.DataFrame) -> pd.DataFrame:
    """Which fields would be written with another value; an empty value of ours may leave alone."""
    names = [line.api_name for line in spec.fields]
    wished = frame[[named.target(name) for name in names]].set_axis(names, axis="columns")
    found = frame[[named.salesforce(name) for name in names]].set_axis(names, axis="columns")
    changing = differences(wished, found, spec.fields)
    for line in spec.fields:
        if line.master is Master.SALESFORCE or line.null_policy is NullPolicy.LEAVE:
            changing[line.api_name] &= wished[line.api_name].notna().to_numpy()
    return changing


def _changes(spec: EntitySpec, row: "pd.Series[str]", changing: "pd.Series[bool]") -> tuple[FieldChange, ...]:
    def text(column: str) -> str | None:
        return None if pd.isna(row[column]) else str(row[column])

    linking = () if row[named.LINKED] else (FieldChange(EXTERNAL_ID, None, text(named.KEY)),)
    given = tuple(
        FieldChange(parent.field, None, key)
        for parent in spec.fillable_parents
        if (key := text(named.given_parent(parent.field)))
    )
    return (
        linking
        + given
        + tuple(
            FieldChange(
                line.api_name, text(named.salesforce(line.api_name)), text(named.target(line.api_name))
            )
            for line in spec.fields
            if changing[line.api_name]
        )
    )
