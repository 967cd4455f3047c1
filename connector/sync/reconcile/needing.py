"""Which of the records that were decided about need something, and what is said of them."""

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.record_cases import FIELDS_TOO, Action
from connector.mapping.converters import Column
from connector.model.outcome import RowOutcome

_WITH_FIELDS = [action.value for action in FIELDS_TOO]


def needing(actions: pd.DataFrame) -> Column:
    """Which records are to be written, removed, reported or decided by a person."""
    action, outcome = actions[named.ACTION], actions[named.OUTCOME]
    whole = ~action.isin([Action.NOTHING.value, *_WITH_FIELDS])
    other = outcome.notna() & (outcome != RowOutcome.UNCHANGED.value)
    return (whole | other).fillna(value=False).astype(bool)


def as_a_whole(actions: pd.DataFrame, needs: Column) -> Column:
    """Of the records that need something, those for which it is not their fields alone."""
    return needs & (actions[named.ACTION] != Action.WRITE.value).fillna(value=False)


def fields_of(decisions: Decisions, actions: pd.DataFrame) -> pd.DataFrame:
    """The fields that differ on records that both sides hold: as `Decisions.changes`."""
    changes = decisions.changes
    both = actions.index[actions[named.ACTION].isin(_WITH_FIELDS)]
    return changes[changes.index.isin(both)]
