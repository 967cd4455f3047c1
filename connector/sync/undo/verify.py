"""Verify of an undo: read the records back; what was to go is gone, what was to come back is there."""

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.diff import differences, names_of
from connector.mapping.undoing import CLEAR, Undoing
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.outcome import RowOutcome
from connector.model.verification import Verification
from connector.sync import folders
from connector.sync.ports import SalesforceOrg
from connector.sync.staged_sql import quoted
from connector.sync.undo.records import extract_records
from connector.sync.undo.subject import Subject

_SCHEMA = pa.schema({named.ROW: pa.int64()} | dict.fromkeys((named.KEY, *named.VERDICT), pa.string()))
_BACK = "back."
_HISTORY = "Look at the record's history in Salesforce: a trigger, a flow or a person changed it meanwhile."
_LEFT = (
    RowOutcome.HELD,
    "PARENT_LEFT",
    "The platform made this record with its parent, which is still there, so it stays as the run wrote it.",
    "Mend the parent, then undo again.",
)
_STILL = (RowOutcome.FAILED, "STILL_THERE", "The record is still there after its deletion.", _HISTORY)
_MISSING = (RowOutcome.FAILED, "MISSING_AFTER_UNDO", "The record is not there any more.", _HISTORY)
_DIFFERS = (
    RowOutcome.FAILED,
    "DIFFERS_AFTER_UNDO",
    "The record does not hold what was given back to it.",
    _HISTORY,
)


def verify_undo(subject: Subject, spec: EntitySpec, org: SalesforceOrg) -> Verification:
    """Read an entity back and stage the rows that are not as they should be."""
    undo, workspace = subject.run, subject.workspace
    staging = workspace.staging
    staging.clear(folders.verified(undo, spec.name))
    if not staging.parts(folders.lined_up(undo, spec.name)):
        return Verification(spec.name, 0, 0, 0, 0)
    extract_records(subject, spec, org, folder=folders.read_back(undo, spec.name))
    compared, wrong = 0, [pd.DataFrame({name: [] for name in _SCHEMA.names})]
    with workspace.sql() as sql:
        for name in ("lined_up", "result", "read_back"):
            sql.table(name, getattr(folders, name)(undo, spec.name))
        for piece in sql.stream(_wished_and_found(spec)):
            frame = pa.Table.from_batches([piece]).to_pandas(types_mapper=pd.ArrowDtype)
            compared += len(frame)
            wrong.append(_wrong(spec, frame))
    found = pd.concat(wrong, ignore_index=True)
    table = pa.Table.from_pandas(found, schema=_SCHEMA, preserve_index=False)
    staging.write(spec.name, 0, folders.verified(undo, spec.name), table)
    missing = int((found[named.CODE] == _MISSING[1]).sum())
    return Verification(spec.name, compared, missing, len(found) - missing, 0)


def _wished_and_found(spec: EntitySpec) -> str:
    """What was done, also where a field of a restored row was left, or a row was finished again."""
    names = [field.api_name for field in spec.fields]
    lookups = [parent.field for parent in (*spec.later_parents, *spec.fillable_parents)]
    wished = [f"lined_up.{quoted(named.target(name))}" for name in (*names, EXTERNAL_ID, *lookups)]
    back = [f"read_back.{quoted(named.salesforce(name))} AS {quoted(_BACK + name)}" for name in names]
    back.append(f"read_back.{named.KEY} AS {quoted(_BACK + EXTERNAL_ID)}")
    back += [f"read_back.{quoted(named.parent_key(name))} AS {quoted(_BACK + name)}" for name in lookups]
    done = ", ".join(f"'{each}'" for each in Undoing if each is not Undoing.NONE)
    told = "'CHANGED_SINCE', 'CHILD_LEFT'"
    return f"""
        SELECT result.{named.ROW}, result.{named.KEY}, lined_up.{named.OPERATION},
               read_back.{named.SALESFORCE_ID}, {", ".join(wished + back)}
        FROM result
        JOIN lined_up USING ({named.ROW})
        LEFT JOIN read_back ON read_back.{named.SALESFORCE_ID} = lined_up.{named.SALESFORCE_ID}
        WHERE lined_up.{named.OPERATION} IN ({done})
            AND (result.{named.OUTCOME} = '{RowOutcome.UPDATED}' OR result.{named.CODE} IN ({told}))
    """


def _wrong(spec: EntitySpec, frame: pd.DataFrame) -> pd.DataFrame:
    there = frame[named.SALESFORCE_ID].notna().to_numpy(dtype=bool)
    given = [Undoing.RESTORE.value, Undoing.FINISH.value]
    restored = frame[named.OPERATION].isin(given).to_numpy(dtype=bool)
    follows = (frame[named.OPERATION] == Undoing.FOLLOW.value).to_numpy(dtype=bool)
    differing = _differing(spec, frame)
    differs = restored & there & differing.any(axis="columns").to_numpy(dtype=bool)
    verdict = pd.DataFrame({named.ROW: frame[named.ROW], named.KEY: frame[named.KEY]})
    for name in named.VERDICT:
        verdict[name] = pd.Series(pd.NA, index=frame.index, dtype=object)
    columns = [named.OUTCOME, named.CODE, named.REASON, named.WHAT_TO_DO]
    for rows, told in (
        (~restored & there & ~follows, _STILL),
        (follows & there, _LEFT),
        (restored & ~there, _MISSING),
        (differs, _DIFFERS),
    ):
        verdict.loc[rows, columns] = list(map(str, told))
    verdict.loc[differs, named.FIELD] = names_of(differing)[differs]
    return verdict[verdict[named.OUTCOME].notna()]


def _differing(spec: EntitySpec, frame: pd.DataFrame) -> pd.DataFrame:
    """Which cells are not what stands there now; a field without a cell was left alone."""
    names = [field.api_name for field in spec.fields]
    cells = frame[[named.target(name) for name in names]].set_axis(names, axis="columns")
    back = frame[[_BACK + name for name in names]].set_axis(names, axis="columns")
    differing = differences(cells.mask(cells == CLEAR), back, spec.fields)
    for name in names:
        differing[name] &= cells[name].notna().to_numpy(dtype=bool)
    lookups = [parent.field for parent in (*spec.later_parents, *spec.fillable_parents)]
    for name in (EXTERNAL_ID, *lookups):
        cleared = frame[named.target(name)].notna() & frame[_BACK + name].notna()
        differing[name] = cleared.to_numpy(dtype=bool)
    return differing
