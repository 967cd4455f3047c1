"""What should be done with each record that a run wrote, to bring it back to where it was: pure.

A record that the run made is deleted where nobody has edited it since and nothing of others hangs on it.
A field that the run changed gets its value back where it still has the one that the run wrote. Everything
else is left, and says why.
"""

from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from connector.mapping import columns as named
from connector.mapping.checks import Refusal, first_of
from connector.mapping.converters import TEXT, Column
from connector.mapping.decisions import Operation
from connector.mapping.diff import differences, names_of
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.outcome import RowOutcome

Mask = NDArray[np.bool_]
CLEAR = "#N/A"
"""What empties a field in a job's CSV; an empty cell leaves it alone."""
_BY_HAND = "Look at the record in Salesforce: correct or delete it by hand, or let it be as it is."


class Undoing(StrEnum):
    """What an undo does with a record."""

    DELETE = "delete"
    RESTORE = "restore"
    FOLLOW = "follow"
    """The platform made it and takes it away with its parent."""
    FINISH = "finish"
    """It was reopened to be deleted and stays after all: it is finished again, as the run left it."""
    NONE = "none"


def undoing(spec: EntitySpec, found: pd.DataFrame, *, user_id: str) -> pd.DataFrame:
    """Before-images beside what stands now -> row, key, operation, verdict, salesforce_id and cells (`t.`).

    A cell is the value as a job carries it: missing where the field is left alone, CLEAR where it is emptied.
    `user_id` is the connector's own user. Columns of `found`: those of a before-image, with `now.` columns,
    created_by, changed_by, made_later and attached; salesforce_id is missing where there is no record now.
    """
    made = found[named.OPERATION].isin([Operation.CREATE, Operation.ADOPT, Operation.MET]).to_numpy()
    follows = (found[named.OPERATION] == Operation.ADOPT.value).to_numpy()
    there = found[named.SALESFORCE_ID].notna().to_numpy()
    cells, left = _restored(spec, found)
    cells[made] = pd.NA
    left[made] = _edited(spec, found)[made]
    verdict = first_of(_refusals(found, made, there, left, user_id), found.index)
    changed_since = verdict[named.CODE] == "CHANGED_SINCE"
    verdict.loc[changed_since, named.FIELD] = left[changed_since].replace("", None)
    refused = verdict[named.OUTCOME].notna().to_numpy()
    operation = pd.Series(Undoing.NONE.value, index=found.index, dtype=object)
    operation[made & there & ~refused] = Undoing.DELETE.value
    operation[follows & there & ~refused] = Undoing.FOLLOW.value
    operation[~made & there & cells.notna().any(axis="columns").to_numpy()] = Undoing.RESTORE.value
    deleted = (operation == Undoing.DELETE.value).to_numpy()
    for field in spec.born_fields:
        other = (found[named.now(field.api_name)] != field.born).fillna(value=True).to_numpy(dtype=bool)
        cells.loc[deleted & other, field.api_name] = field.born
    outcome = pd.Series(RowOutcome.UPDATED.value, index=found.index, dtype=object)
    outcome[(operation == Undoing.NONE.value).to_numpy()] = RowOutcome.UNCHANGED.value
    verdict[named.OUTCOME] = verdict[named.OUTCOME].where(refused, outcome)
    plan = found[[named.ROW, named.BATCH, named.KEY, named.SALESFORCE_ID]].copy()
    plan[named.OPERATION] = operation.astype(TEXT)
    for name in named.VERDICT:
        plan[name] = verdict[name].astype(TEXT)
    return plan.join(cells.astype(TEXT).rename(columns=named.target))


def _restored(spec: EntitySpec, found: pd.DataFrame) -> tuple[pd.DataFrame, "pd.Series[str]"]:
    """The cells that give back what stood before, and the names of fields that hold something else now."""
    names = [field.api_name for field in spec.fields]
    before, after, now = (
        found[[prefix(name) for name in names]].set_axis(names, axis="columns")
        for prefix in (named.salesforce, named.target, named.now)
    )
    is_written = ~differences(after, now, spec.fields)
    is_before = ~differences(before, now, spec.fields)
    cells, left = pd.DataFrame(index=found.index), pd.DataFrame(index=found.index)
    for name in names:
        same = (before[name] == after[name]).fillna(value=False) | (before[name].isna() & after[name].isna())
        changed = ~(same.to_numpy(dtype=bool) | is_before[name].to_numpy())
        cells[name] = before[name].fillna(CLEAR).where(changed & is_written[name].to_numpy())
        left[name] = changed & ~is_written[name].to_numpy()
    keys = {named.now(named.KEY): (EXTERNAL_ID, found[named.KEY].mask(found[named.LINKED].astype(bool)))}
    for parent in spec.later_parents:
        key = named.parent_key(parent.field)
        keys[named.now(key)] = (parent.field, found[key])
    for parent in spec.fillable_parents:
        given = found[named.given_parent(parent.field)]
        keys[named.now(named.parent_key(parent.field))] = (parent.field, given)
    for column, (name, written) in keys.items():
        there = (found[column].notna() & written.notna()).to_numpy(dtype=bool)
        ours = (found[column].str.lower() == written.str.lower()).fillna(value=False).to_numpy(dtype=bool)
        cells[name] = pd.Series(CLEAR, index=found.index, dtype=TEXT).where(there & ours)
        left[name] = there & ~ours
    return cells, names_of(left)


def _edited(spec: EntitySpec, found: pd.DataFrame) -> "pd.Series[str]":
    """The names of the fields of a record that the run made, and that hold something else by now."""
    names = [field.api_name for field in spec.fields]
    written = found[[named.target(name) for name in names]].set_axis(names, axis="columns")
    now = found[[named.now(name) for name in names]].set_axis(names, axis="columns")
    edited = differences(written, now, spec.fields)
    for field in spec.fields:
        edited[field.api_name] &= written[field.api_name].notna().to_numpy(dtype=bool)
        if field.born is not None:
            unfinished = (now[field.api_name] == field.born).fillna(value=False)
            edited[field.api_name] &= ~unfinished.to_numpy(dtype=bool)
    return names_of(edited)


def _refusals(
    found: pd.DataFrame, made: Mask, there: Mask, left: "pd.Series[str]", user_id: str
) -> list[Refusal]:
    """Why a record, or a field of it, is left."""

    def rows(chosen: Mask) -> Column:
        return pd.Series(chosen, index=found.index, dtype=bool)

    def by_others(column: str) -> Mask:
        return (found[column] != user_id).fillna(value=True).to_numpy(dtype=bool)

    met = made & there & (found[named.OPERATION] == Operation.MET.value).to_numpy(dtype=bool)
    not_ours = made & there & (by_others(named.CREATED_BY) | found[named.MADE_LATER].to_numpy(dtype=bool))
    mine = made & there & ~not_ours
    changed = (left != "").to_numpy(dtype=bool)
    return [
        Refusal(
            rows(met),
            RowOutcome.REJECTED,
            "MADE_MEANWHILE",
            "",
            "Somebody made this record while the run went on, and the run wrote over it.",
            _BY_HAND,
        ),
        Refusal(
            rows(not_ours),
            RowOutcome.REJECTED,
            "MADE_SINCE",
            "",
            "Another run or a person made this record after the run.",
            _BY_HAND,
        ),
        Refusal(
            rows(mine & (by_others(named.CHANGED_BY) | changed)),
            RowOutcome.REJECTED,
            "CHANGED_SINCE",
            "",
            "The record was edited after the run, so it was not deleted.",
            _BY_HAND,
        ),
        Refusal(
            rows(mine & found[named.ATTACHED].notna().to_numpy(dtype=bool)),
            RowOutcome.HELD,
            "ATTACHED_SINCE",
            "",
            "It was not deleted because of what hangs on it: " + found[named.ATTACHED].fillna(""),
            "Delete or move what hangs on it, or keep both.",
        ),
        Refusal(
            rows(~made & ~there),
            RowOutcome.REJECTED,
            "GONE_SINCE",
            "",
            "The record that the run changed is not there any more.",
            _BY_HAND,
        ),
        Refusal(
            rows(~made & there & changed),
            RowOutcome.REJECTED,
            "CHANGED_SINCE",
            "",
            "These fields hold neither what the run wrote nor what stood before, so they were left.",
            _BY_HAND,
        ),
    ]
