"""Finish: what had to wait until the records it needs were there.

Contracts and orders are made as drafts and activated now, accounts get their parent accounts, prices that
are out of use are switched off. A row that can't be finished is in Salesforce, and its outcome says what it
lacks.
"""

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.converters import TEXT, text_columns
from connector.mapping.decisions import Operation
from connector.mapping.vocabulary import EntitySpec, Field, Parent
from connector.model.batch import Batch
from connector.model.describe import ObjectDescribe
from connector.model.job import JobRequest
from connector.model.outcome import REFUSED, RowOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.bulk_job import BulkLoader
from connector.sync.job_csv import finishing_columns
from connector.sync.ports import Ledger, SalesforceOrg
from connector.sync.row_errors import PASSING
from connector.sync.sending import Sending
from connector.sync.staged_sql import Workspace, quoted
from connector.sync.standing import standing_sql

_DONE = ", ".join(f"'{outcome}'" for outcome in RowOutcome if outcome not in REFUSED)
_MADE = f"lined_up.{named.OPERATION} IN ('{Operation.CREATE}', '{Operation.ADOPT}')"


@dataclass(frozen=True)
class Finish:
    """The finishing pass of one entity."""

    run: Run
    spec: EntitySpec
    described: ObjectDescribe
    org: SalesforceOrg
    ledger: Ledger
    workspace: Workspace
    sending: Sending

    def finish(self) -> int:
        """Send what was left, and stage the rows that could not be finished; returns how many were sent."""
        folder = folders.finished(self.run, self.spec.name)
        self.workspace.staging.clear(folder)
        sent = 0
        with self.workspace.sql() as sql:
            for name in ("prepared", "plan", "lined_up", "result"):
                sql.table(name, getattr(folders, name)(self.run, self.spec.name))
            for number, rows in sql.batches(_left_to_do(self.spec)):
                frame = rows.to_pandas(types_mapper=text_columns)
                unfinished = self._finished(Batch(self.spec.name, number, folder, len(frame)), frame)
                sent += len(frame)
                table = pa.Table.from_pandas(unfinished, schema=_SCHEMA, preserve_index=False)
                self.workspace.staging.write(self.spec.name, number, folder, table)
        return sent

    def _finished(self, batch: Batch, rows: pd.DataFrame) -> pd.DataFrame:
        """Send a batch; the rows whose outcome that changes, with their verdict."""
        verdict = _held(self.spec, rows)
        content = finishing_columns(self.spec, self.described, rows)
        left = content.drop(columns=content.columns[:2]).notna().any(axis="columns")
        work = self.workspace.staging.local(folders.working(self.run))
        loader = BulkLoader(self.run, batch, self.org, self.ledger, work)
        request = JobRequest(self.spec.salesforce_object, "update", purpose="finish")
        for answer in self.sending.send(loader, request, content[left]):
            refused = answer[named.CODE].notna()
            told = answer.loc[refused, list(named.VERDICT)]
            told[named.REASON] = "It is in Salesforce, but not finished. " + told[named.REASON].fillna("")
            told.loc[told[named.CODE].isin(PASSING), named.OUTCOME] = RowOutcome.FAILED.value
            verdict.loc[told.index, list(named.VERDICT)] = told
            passed = answer.index[~refused & verdict.loc[answer.index, named.CODE].isin(PASSING)]
            verdict.loc[passed, list(named.VERDICT)] = pd.NA
            changed = answer.index[~refused & (rows.loc[answer.index, named.OUTCOME] == RowOutcome.UNCHANGED)]
            verdict.loc[changed, named.OUTCOME] = RowOutcome.UPDATED.value
        return verdict[verdict[named.OUTCOME].notna()]


def foresee_held(run: Run, spec: EntitySpec, workspace: Workspace) -> int:
    """Of a plan: stage the rows that the finishing pass would hold; returns how many.

    What is planned stands for what was sent and answered, so that a plan counts as its migration will.
    """
    if not spec.later_parents:
        return 0
    staging, folder = workspace.staging, folders.finished(run, spec.name)
    staging.clear(folder)
    with workspace.sql() as sql:
        sql.table("prepared", folders.prepared(run, spec.name))
        for name in ("plan", "lined_up", "result"):
            sql.table(name, folders.plan(run, spec.name))
        held = 0
        for number, rows in sql.batches(_left_to_do(spec)):
            verdict = _held(spec, rows.to_pandas(types_mapper=text_columns))
            verdict = verdict[verdict[named.OUTCOME].notna()]
            table = pa.Table.from_pandas(verdict, schema=_SCHEMA, preserve_index=False)
            held += staging.write(spec.name, number, folder, table).rows
    return held


def _held(spec: EntitySpec, rows: pd.DataFrame) -> pd.DataFrame:
    """A verdict for each row, missing where nothing is wrong; a parent that was refused leaves `rows`."""
    verdict = rows[[named.ROW, named.KEY]].copy()
    for name in named.VERDICT:
        verdict[name] = pd.Series(pd.NA, index=rows.index, dtype=TEXT)
    for parent in spec.later_parents:
        lost = (rows[named.parent_key(parent.field)].notna() & rows[_blocked(parent)].notna()).to_numpy()
        verdict.loc[lost, list(named.VERDICT)] = [
            RowOutcome.HELD.value,
            "PARENT_REFUSED",
            parent.field,
            f"It is in Salesforce, but its parent {parent.entity} is not.",
            f"Mend the parent {parent.entity} first.",
        ]
        rows.loc[lost, named.parent_key(parent.field)] = pd.NA
    return verdict


def tell_unfinished(run: Run, spec: EntitySpec, workspace: Workspace) -> int:
    """Stage the rows that a run which failed has made and not come to finish; returns how many.

    They are failed, so that a report names them and a retry takes them up: a draft is not what was wished.
    """
    staging, folder = workspace.staging, folders.finished(run, spec.name)
    if spec.finished_after is None or not staging.parts(folders.result(run, spec.name)):
        return 0
    reached = {part.number for part in staging.parts(folder)}
    told = 0
    with workspace.sql() as sql:
        for name in ("prepared", "plan", "lined_up", "result"):
            sql.table(name, getattr(folders, name)(run, spec.name))
        for number, rows in sql.batches(_left_to_do(spec)):
            if number not in reached:
                verdict = rows.select([named.ROW, named.KEY]).to_pandas().assign(**_NOT_FINISHED)
                table = pa.Table.from_pandas(verdict, schema=_SCHEMA, preserve_index=False)
                told += staging.write(spec.name, number, folder, table).rows
    return told


_NOT_FINISHED = {
    named.OUTCOME: RowOutcome.FAILED.value,
    named.CODE: "NOT_FINISHED",
    named.FIELD: None,
    named.REASON: "It is in Salesforce, but the run failed before it was finished.",
    named.WHAT_TO_DO: "Resume the run, or retry what failed of it.",
}
_SCHEMA = pa.schema({named.ROW: pa.int64()} | dict.fromkeys((named.KEY, *named.VERDICT), pa.string()))


def _blocked(parent: Parent) -> str:
    return f"blocked.{parent.field}"


def _left_to_do(spec: EntitySpec) -> str:
    """Rows that are in Salesforce and lack something, in the batches that they were sent in."""
    columns = [f"lined_up.{quoted(named.target(field.api_name))}" for field in spec.born_fields]
    for parent in spec.later_parents:
        key = f"lined_up.{quoted(named.parent_key(parent.field))}"
        columns += [
            f"CASE WHEN {_parentless(parent)} THEN {key} END AS {quoted(named.parent_key(parent.field))}",
            f"CASE WHEN {parent.field}_result.done THEN NULL ELSE 'absent' END AS {quoted(_blocked(parent))}",
        ]
    joins = " ".join(
        f"LEFT JOIN (SELECT lower({named.KEY}) AS folded,"
        f" bool_and({named.OUTCOME} IN ({_DONE}) OR {named.LINKED}) AS done"
        f" FROM ({standing_sql()}) GROUP BY ALL) AS {parent.field}_result"
        f" ON {parent.field}_result.folded = lower(lined_up.{quoted(named.parent_key(parent.field))})"
        for parent in spec.later_parents
    )
    lacking = [field_waits(field) for field in spec.born_fields]
    lacking += [parent_waits(parent) for parent in spec.later_parents]
    return f"""
        SELECT lined_up.{named.BATCH}, result.{named.ROW}, result.{named.KEY}, result.{named.SALESFORCE_ID},
               result.{named.OUTCOME}, {", ".join(columns)}
        FROM result JOIN lined_up USING ({named.ROW}) JOIN prepared USING ({named.ROW}) {joins}
        WHERE result.{named.OUTCOME} IN ({_DONE}) AND ({" OR ".join(lacking)})
        ORDER BY lined_up.{named.BATCH}, result.{named.ROW}
    """


def _parentless(parent: Parent) -> str:
    """Whether a record has no parent in Salesforce; one that it has is left alone."""
    return f"({_MADE} OR prepared.{quoted(named.salesforce_parent(parent.field))} IS NULL)"


def parent_waits(parent: Parent) -> str:
    """SQL over `lined_up` and `prepared`: whether the finishing pass writes this lookup."""
    return f"({_parentless(parent)} AND lined_up.{quoted(named.parent_key(parent.field))} IS NOT NULL)"


def field_waits(field: Field) -> str:
    """SQL over `lined_up` and `prepared`: whether the finishing pass writes this field."""
    wished = f"lined_up.{quoted(named.target(field.api_name))}"
    there = (
        f"CASE WHEN {_MADE} THEN '{field.born}' ELSE prepared.{quoted(named.salesforce(field.api_name))} END"
    )
    return f"({wished} IS NOT NULL AND {wished} IS DISTINCT FROM {there})"
