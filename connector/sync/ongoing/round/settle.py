"""Settle: what both sides agree on now goes into the ledger, as far as it was carried out."""

from collections.abc import Mapping

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.record_cases import Action, Standing
from connector.mapping.converters import Column
from connector.model.agreement import Agreement
from connector.sync.ongoing.round.parties import Parties


def settle(
    at: Parties,
    decisions: Decisions,
    before: Mapping[str, Agreement],
    in_gentrack: pd.DataFrame,
    in_salesforce: pd.DataFrame,
) -> int:
    """Keep, or forget, the pairs of a batch; returns of how many something changed.

    `in_gentrack` and `in_salesforce` are what the sides' writers answered.
    """
    after = agreed_after(decisions, in_gentrack, in_salesforce)
    kept = [pair for pair in after if before.get(pair.key.lower()) != pair]
    forgotten = sorted(before.keys() & _forgotten(decisions))
    if kept:
        at.agreements.keep(at.instance, decisions.spec.name, kept)
    if forgotten:
        at.agreements.forget(at.instance, decisions.spec.name, forgotten)
    return len(kept) + len(forgotten)


def agreed_after(
    decisions: Decisions, in_gentrack: pd.DataFrame, in_salesforce: pd.DataFrame
) -> list[Agreement]:
    """How each pair stands after what was done; those that are no pair are not among them."""
    records = decisions.records
    done = {"salesforce_done": _done(records, in_salesforce), "gentrack_done": _done(records, in_gentrack)}
    pairs = decisions.settled(**done)
    actions = decisions.actions
    relinked = actions[named.RELINKED].where(done["salesforce_done"])
    pairs[named.KEY] = given(in_gentrack, named.KEY, records[named.KEY])
    pairs[named.SALESFORCE_ID] = given(
        in_salesforce, named.SALESFORCE_ID, relinked.fillna(records[named.SALESFORCE_ID])
    )
    pairs[named.GENTRACK_ID] = given(in_gentrack, named.GENTRACK_ID, records[named.GENTRACK_ID])
    held = pairs[pairs[named.STANDING] != Standing.NEW.value]
    held = held[held[named.KEY].notna() & held[named.SALESFORCE_ID].notna()]
    return [
        Agreement(
            key=str(key),
            salesforce_id=str(salesforce_id),
            gentrack_id=None if pd.isna(gentrack_id) else int(gentrack_id),
            standing=str(standing),
            fields=str(fields),
            agreed=bytes(agreed),
            contested=int(contested),
        )
        for key, salesforce_id, gentrack_id, standing, fields, agreed, contested in zip(
            held[named.KEY],
            held[named.SALESFORCE_ID],
            held[named.GENTRACK_ID],
            held[named.STANDING],
            held[named.FIELDS],
            held[named.AGREED],
            held[named.CONTESTED],
            strict=True,
        )
    ]


def _done(records: pd.DataFrame, answers: pd.DataFrame) -> Column:
    """Whether what was to be done came through; where nothing was to be done, it did."""
    done = pd.Series(data=True, index=records.index)
    done[answers.index] = answers[named.DONE].astype(bool)
    return done


def given(answers: pd.DataFrame, column: str, otherwise: Column) -> Column:
    """What a side answered where it did, else what was known."""
    if column not in answers:
        return otherwise
    given = answers.loc[answers[named.DONE].astype(bool), column].dropna()
    whole = otherwise.copy()
    whole[given.index] = given
    return whole


def _forgotten(decisions: Decisions) -> set[str]:
    rows = decisions.actions[named.ACTION] == Action.FORGET
    return {str(key).lower() for key in decisions.records.loc[rows, named.KEY]}
