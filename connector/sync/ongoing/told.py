"""What became of each record that was to be written: a frame that answers are told to as they come."""

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.converters import TEXT, Column
from connector.sync.row_errors import PASSING, explained

ERROR = "error"
"""An error as `connector.sync.row_errors` reads it; missing where a record was written."""
_LATER = frozenset({"ENTITY_IS_DELETED", "FAILED_ACTIVATION"})
"""Codes that another look at the record, or what is made meanwhile, may end."""
_PARENT_AWAITED = "Foreign key external ID:"
"""How Salesforce begins to say that no record has a parent's external id."""


def begun(asked: Column, ids: Column) -> pd.DataFrame:
    """A row for each record that has something to be done: done, as long as nothing of it was sent."""
    index = asked.index[asked]
    told = pd.DataFrame({named.DONE: True, named.SALESFORCE_ID: ids.loc[index]}, index=index)
    for name in (named.CODE, named.REASON, named.TODO):
        told[name] = pd.Series(pd.NA, index=index, dtype=TEXT)
    told[named.PASSING] = False
    return told


def tell_refused(told: pd.DataFrame, verdict: pd.DataFrame) -> None:
    """Tell which records are refused before anything is sent, by the verdict of the checks."""
    rows = verdict.loc[told.index]
    rows = rows[rows[named.OUTCOME].notna()]
    told.loc[rows.index, named.DONE] = False
    for name in (named.CODE, named.REASON, named.TODO):
        told.loc[rows.index, name] = rows[name].astype(TEXT)


def tell(told: pd.DataFrame, answer: pd.DataFrame, *, unfinished: bool = False) -> None:
    """Tell what was answered for some of the records: their salesforce_id and error.

    `unfinished` is what is there already and lacks something.
    """
    if answer.empty:
        return
    rows, errors = answer.index, answer[ERROR]
    told.loc[rows, named.SALESFORCE_ID] = answer[named.SALESFORCE_ID].fillna(
        told.loc[rows, named.SALESFORCE_ID]
    )
    refused = errors.notna()
    told.loc[rows, named.DONE] = ~refused
    why = explained(errors)
    if unfinished:
        why[named.REASON] = "It is in Salesforce, but not finished. " + why[named.REASON]
    for name in (named.CODE, named.REASON, named.TODO):
        told.loc[rows, name] = why[name].where(refused)
    awaited = errors.str.contains(_PARENT_AWAITED, regex=False).fillna(value=False)
    passing = why[named.CODE].isin(PASSING | _LATER) | awaited
    told.loc[rows, named.PASSING] = (refused & passing).astype(bool)
