"""Verify: read Salesforce back and compare it, key by key and value by value, with what should be there.

A row that is not as it should be becomes failed, whatever its job said of it. Of a record that nobody has
changed since extract the values are known; an unchanged row whose record is such a one was compared with them
when it was planned (`connector.sync.read_back`).
"""

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.decisions import Operation
from connector.mapping.diff import differences, names_of
from connector.mapping.vocabulary import EntitySpec, NullPolicy
from connector.model.outcome import RowOutcome
from connector.model.run import Run
from connector.model.verification import Verification
from connector.sync import folders
from connector.sync.narrow import keys_to_read
from connector.sync.ports import SalesforceOrg
from connector.sync.read_back import FOUND, THERE, read_back, there
from connector.sync.staged_sql import Workspace, quoted
from connector.sync.standing import standing_sql

_PARENT = "back_"
_SCHEMA = pa.schema({named.ROW: pa.int64()} | dict.fromkeys((named.KEY, *named.VERDICT), pa.string()))
_LEFT_UNFINISHED = f"""
    ANTI JOIN (FROM finished WHERE {named.OUTCOME} <> '{RowOutcome.UPDATED}') AS left_unfinished
        USING ({named.ROW})
"""
_WHAT_TO_DO = (
    "Look at the record's history in Salesforce: a trigger, a flow or a person changed it during the run."
)


def verify(run: Run, spec: EntitySpec, org: SalesforceOrg, workspace: Workspace) -> Verification:
    """Read an entity back and stage the rows that are not as they should be."""
    staging = workspace.staging
    read_back(run, spec, org, workspace, keys_to_read(run, spec.name, staging))
    staging.clear(folders.verified(run, spec.name))
    wrong = [pd.DataFrame({name: [] for name in _SCHEMA.names})]
    with workspace.sql() as sql:
        for name in ("prepared", "plan", "lined_up", "result"):
            sql.table(name, getattr(folders, name)(run, spec.name))
        there(run, spec, staging, sql)
        unfinished = bool(staging.parts(folders.finished(run, spec.name)))
        if unfinished:
            sql.table("finished", folders.finished(run, spec.name))
        sql.keep("expected", _expected_sql(unfinished=unfinished))
        wrong += [
            _wrong(spec, pa.Table.from_batches([piece]).to_pandas(types_mapper=pd.ArrowDtype))
            for piece in sql.stream(_expected_and_found(spec))
        ]
        compared = sql.rows("SELECT count(*) FROM expected")
        unknown = sql.rows(_unknown()) if run.scope.is_whole else [(0,)]
    found = pd.concat(wrong, ignore_index=True)
    table = pa.Table.from_pandas(found, schema=_SCHEMA, preserve_index=False)
    staging.write(spec.name, 0, folders.verified(run, spec.name), table)
    missing = int((found[named.CODE] == "MISSING_AFTER_LOAD").sum())
    differing = len(found) - missing
    return Verification(spec.name, int(str(compared[0][0])), missing, differing, int(str(unknown[0][0])))


def _unknown() -> str:
    """How many records carry an external id that Gentrack doesn't have. A part of it can't tell that."""
    return f"""
        SELECT count(*) FROM {THERE} ANTI JOIN prepared
            ON lower(prepared.{named.KEY}) = lower({THERE}.{named.KEY})
        WHERE {THERE}.{named.KEY} IS NOT NULL
    """


def _expected_sql(*, unfinished: bool) -> str:
    """Rows whose record should be there, and how it stands: its id, and whether it is as it was extracted."""
    return f"""
        SELECT standing.{named.ROW}, standing.{named.KEY}, standing.{named.OPERATION},
               {THERE}.{named.SALESFORCE_ID}, coalesce({THERE}.steady, false) AS steady
        FROM ({standing_sql()}) AS standing
        {_LEFT_UNFINISHED if unfinished else ""}
        LEFT JOIN {THERE} ON lower({THERE}.{named.KEY}) = lower(standing.{named.KEY})
        WHERE standing.{named.OUTCOME} IN
            ('{RowOutcome.CREATED}', '{RowOutcome.UPDATED}', '{RowOutcome.UNCHANGED}')
    """


def _expected_and_found(spec: EntitySpec) -> str:
    """What is to be compared: all but the unchanged rows whose record is as it was extracted."""
    columns = [f"plan.{quoted(named.target(field.api_name))}" for field in spec.fields]
    columns += [f"found.{quoted(named.salesforce(field.api_name))}" for field in spec.fields]
    for parent in spec.parents:
        key = quoted(named.parent_key(parent.field))
        columns += [f"plan.{key}", f"found.{key} AS {quoted(_PARENT + parent.field)}"]
    columns += [f"plan.{quoted(named.given_parent(p.field))}" for p in spec.fillable_parents]
    return f"""
        SELECT expected.{named.ROW}, expected.{named.KEY}, expected.{named.OPERATION},
               expected.{named.SALESFORCE_ID}, {", ".join(columns)}
        FROM expected
        JOIN plan USING ({named.ROW})
        LEFT JOIN {FOUND} AS found ON found.{named.SALESFORCE_ID} = expected.{named.SALESFORCE_ID}
        WHERE NOT (expected.steady AND expected.{named.OPERATION} = '{Operation.NONE}')
    """


def _wrong(spec: EntitySpec, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a piece whose record is missing or differs, with their verdict."""
    missing = frame[named.SALESFORCE_ID].isna().to_numpy()
    differing = _differing(spec, frame)
    differs = ~missing & differing.any(axis="columns").to_numpy()
    found = frame[missing | differs]
    names = names_of(differing[missing | differs])
    lost = missing[missing | differs]
    return pd.DataFrame(
        {
            named.ROW: found[named.ROW],
            named.KEY: found[named.KEY],
            named.OUTCOME: RowOutcome.FAILED.value,
            named.CODE: pd.Series("DIFFERS_AFTER_LOAD", index=found.index).mask(lost, "MISSING_AFTER_LOAD"),
            named.FIELD: names.where(~lost, None),
            named.REASON: pd.Series(
                "The record in Salesforce does not hold what was loaded.", index=found.index
            ).mask(lost, "There is no record in Salesforce, though its job reported none missing."),
            named.WHAT_TO_DO: _WHAT_TO_DO,
        }
    )


def _differing(spec: EntitySpec, frame: pd.DataFrame) -> pd.DataFrame:
    """What counts: all that was written, and on records that existed also what was cleared."""
    names = [field.api_name for field in spec.fields]
    wished = frame[[named.target(name) for name in names]].set_axis(names, axis="columns")
    found = frame[[named.salesforce(name) for name in names]].set_axis(names, axis="columns")
    differing = differences(wished, found, spec.fields)
    made = frame[named.OPERATION].isin([Operation.CREATE.value, Operation.ADOPT.value]).to_numpy()
    clearing = {field.api_name for field in spec.gentrack_fields if field.null_policy is NullPolicy.CLEAR}
    for name in names:
        differing[name] &= wished[name].notna().to_numpy() | (~made & (name in clearing))
    for parent in spec.parents:
        key = frame[named.parent_key(parent.field)].str.lower()
        back = frame[_PARENT + parent.field].str.lower()
        moved = (key.notna() & (key != back).fillna(value=True)).to_numpy()
        given = frame.get(named.given_parent(parent.field))
        written = made if given is None else made | given.notna().to_numpy()
        differing[parent.field] = written & moved
    return differing
