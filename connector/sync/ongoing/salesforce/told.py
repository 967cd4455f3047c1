"""What became of each record that was to be written: a frame that answers are told to as they come."""

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.converters import TEXT, Column
from connector.sync.row_errors import PASSING

ANSWER = [named.SALESFORCE_ID, named.CODE, named.REASON, named.WHAT_TO_DO]
"""The columns of an answer: a code only where a record was not written."""
_LATER = frozenset({"ENTITY_IS_DELETED", "FAILED_ACTIVATION"})
"""Codes that another look at the record, or what is made meanwhile, may end."""
_UNFINISHED = "It is in Salesforce, but not finished. "
_PARENT_AWAITED = "Foreign key external ID:"
"""How Salesforce begins to say that no record has a parent's external id."""


def answered(ids: Sequence[str | None], index: pd.Index) -> pd.DataFrame:
    """An answer by which each of the records was written, with these Salesforce ids."""
    nothing = pa.nulls(len(index), pa.string())
    columns = {named.SALESFORCE_ID: pa.array(ids, pa.string())} | dict.fromkeys(ANSWER[1:], nothing)
    arrays = {name: pd.arrays.ArrowExtensionArray(one) for name, one in columns.items()}
    return pd.DataFrame(arrays, index=index)


def begun(asked: Column, ids: Column) -> pd.DataFrame:
    """A row for each record that has something to be done: done, as long as nothing of it was sent."""
    index = asked.index[asked]
    told = pd.DataFrame({named.DONE: True, named.SALESFORCE_ID: ids.loc[index]}, index=index)
    for name in (named.CODE, named.REASON, named.WHAT_TO_DO):
        told[name] = pd.Series(pd.NA, index=index, dtype=TEXT)
    told[named.PASSING] = False
    return told


def tell_refused(told: pd.DataFrame, verdict: pd.DataFrame) -> None:
    """Tell which records are refused before anything is sent, by the verdict of the checks."""
    rows = verdict.loc[told.index]
    rows = rows[rows[named.OUTCOME].notna()]
    told.loc[rows.index, named.DONE] = False
    for name in (named.CODE, named.REASON, named.WHAT_TO_DO):
        told.loc[rows.index, name] = rows[name].astype(TEXT)


def tell(told: pd.DataFrame, answer: pd.DataFrame, *, unfinished: bool = False) -> None:
    """Tell what was answered for some of the records, with the columns `ANSWER`.

    `unfinished` is what is there already and lacks something.
    """
    if answer.empty:
        return
    rows, codes, reasons = answer.index, answer[named.CODE], answer[named.REASON]
    known = told.loc[rows, named.SALESFORCE_ID]
    told.loc[rows, named.SALESFORCE_ID] = answer[named.SALESFORCE_ID].fillna(known)
    refused = codes.notna()
    told.loc[rows, named.DONE] = ~refused
    if not refused.any() and told.loc[rows, named.CODE].isna().all():
        return
    awaited = reasons.str.contains(_PARENT_AWAITED, regex=False).fillna(value=False)
    told.loc[rows, named.PASSING] = (refused & (codes.isin(PASSING | _LATER) | awaited)).astype(bool)
    told.loc[rows, named.CODE] = codes
    told.loc[rows, named.REASON] = _UNFINISHED + reasons if unfinished else reasons
    told.loc[rows, named.WHAT_TO_DO] = answer[named.WHAT_TO_DO]
