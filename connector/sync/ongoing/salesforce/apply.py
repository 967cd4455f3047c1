"""Apply: what was decided is written to Salesforce. A record that is refused is a value with its reason.

Nothing is sent where nothing differs, and everything may be repeated.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.record_cases import NEW_IN_SALESFORCE
from connector.mapping.canonical import folded, written
from connector.mapping.converters import TEXT, Column
from connector.mapping.ownership import OWNER_FIELD, owner_of
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.saved import SaveAs
from connector.sync.ongoing.salesforce.plan import Plan, planned
from connector.sync.ongoing.salesforce.sending import SalesforceSender
from connector.sync.ongoing.salesforce.side import SalesforceSide
from connector.sync.ongoing.salesforce.soql import among
from connector.sync.ongoing.salesforce.told import begun, tell, tell_refused
from connector.sync.ongoing.salesforce.writing import Writing


def apply_to_salesforce(
    spec: EntitySpec,
    decisions: Decisions,
    sender: SalesforceSender,
    *,
    today: date,
) -> pd.DataFrame:
    """Do what was decided of one entity: see `apply_all_to_salesforce`."""
    return apply_all_to_salesforce([(spec, decisions)], sender, today=today)[0]


def apply_all_to_salesforce(
    work: Sequence[tuple[EntitySpec, Decisions]], sender: SalesforceSender, *, today: date
) -> list[pd.DataFrame]:
    """Do what was decided of several entities, parents first, in as few calls as one of them takes.

    For each a frame with a row for each record that has something to be done there: done, salesforce_id (of
    a new record too), code, reason, todo and passing (worth trying again). What has to wait until the records
    it needs are there is written last: an order is activated when its products are there, if they come along.
    `today` is the day of a flag. Raises LimitReached, GaveUp, CountsDisagree.
    """
    plans = [_plan(spec, decisions, sender, today) for spec, decisions in work]
    answers = iter(sender.send([one for plan in plans for one in plan.writings]))
    applied = []
    for plan in plans:
        told = begun(plan.asked, plan.ids)
        tell_refused(told, plan.verdict)
        for _ in plan.writings:
            tell(told, next(answers))
        if len(plan.replacements):
            tell(told, sender.replace(plan.replacements, plan.ids))
        if plan.spec.found_by_parents:
            _adopt(plan, told, sender)
        applied.append(told)
    _finish(plans, applied, sender)
    return applied


def write_keys(spec: EntitySpec, keys: Mapping[str, str], sender: SalesforceSender) -> pd.DataFrame:
    """Salesforce id -> external id, after creations in Gentrack; the same columns by Salesforce id."""
    values = pd.Series(dict(keys), dtype=TEXT)
    ids = pd.Series(values.index, index=values.index, dtype=TEXT)
    told = begun(pd.Series(data=True, index=ids.index, dtype=bool), ids)
    writing = Writing.of_ids(spec.salesforce_object, SaveAs.UPDATE, ids, {EXTERNAL_ID: values})
    tell(told, sender.send([writing])[0])
    return told


def _plan(spec: EntitySpec, decisions: Decisions, sender: SalesforceSender, today: date) -> Plan:
    return planned(
        spec,
        sender.org.describe(spec.salesforce_object),
        decisions,
        anchors=sender.anchors(spec) if _made(decisions).any() else {},
        values=_with_owners(spec, decisions, sender),
        today=today,
    )


def _made(decisions: Decisions) -> Column:
    return decisions.actions[named.ACTION].isin([str(action) for action in NEW_IN_SALESFORCE])


def _with_owners(spec: EntitySpec, decisions: Decisions, sender: SalesforceSender) -> pd.DataFrame:
    """What Salesforce gets, new records with the owner of the parent that they follow."""
    values, made = decisions.salesforce_values, _made(decisions).astype(bool)
    parent = next((parent for parent in spec.parents if parent.field == owner_of(spec)), None)
    if parent is None or not made.any():
        return values
    line = next(field for field in spec.fields if field.api_name == OWNER_FIELD)
    keys = folded(values[parent.field])
    head = f"SELECT {EXTERNAL_ID}, {OWNER_FIELD} FROM {entity(parent.entity).salesforce_object}"
    found = sender.org.queries(list(among(head, EXTERNAL_ID, keys[made].dropna().unique())))
    owners = {one[EXTERNAL_ID].lower(): one[OWNER_FIELD] for page in found for one in page}
    theirs = line.converter.to_salesforce(keys.map(owners).astype(TEXT))
    return values.assign(**{OWNER_FIELD: values[OWNER_FIELD].where(~made, written(theirs, line.type))})


def _adopt(plan: Plan, told: pd.DataFrame, sender: SalesforceSender) -> None:
    """Write to the relations that the platform made by itself what was refused as a second one of a pair.

    A contact that was made in the same call has its direct relation already.
    """
    refused = told.loc[plan.creations.values.index]
    keys = folded(plan.keys[refused.index[~refused[named.DONE] & ~refused[named.PASSING]]])
    if keys.empty:
        return
    rows = SalesforceSide(sender.org).records(plan.spec, keys=list(keys))
    rows = rows[~rows[named.DELETED] & rows[named.SALESFORCE_KEY].isna()]
    parents = rows[[named.salesforce_parent(parent.field) for parent in plan.spec.parents]]
    pairs = [":".join(pair).lower() for pair in parents.itertuples(index=False)]
    ids = keys.map(dict(zip(pairs, rows[named.SALESFORCE_ID], strict=True))).astype(TEXT).dropna()
    if ids.empty:
        return
    fields = plan.described.fields
    kept = [name for name in plan.creations.values.columns if name in fields and fields[name].updateable]
    tell(told, sender.send([plan.creations.of(ids.index).by_id(ids, kept)])[0])


def _finish(plans: Sequence[Plan], applied: Sequence[pd.DataFrame], sender: SalesforceSender) -> None:
    """Send what had to wait for the records that are there now, and tell it."""
    finishing = []
    for plan, told in zip(plans, applied, strict=True):
        there = told.index[told[named.DONE] & told.index.isin(plan.finishing.values.index)]
        if len(there):
            ids = told.loc[there, named.SALESFORCE_ID]
            finishing.append((told, plan.finishing.of(there).by_id(ids)))
    for (told, _), answer in zip(finishing, sender.send([one for _, one in finishing]), strict=True):
        tell(told, answer, unfinished=True)
