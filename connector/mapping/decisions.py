"""What should be done with each row: created, updated, left, held or rejected, with the reason.

Pure: a prepared batch and what the org says of the object go in, a plan batch comes out.
"""

from enum import StrEnum

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.canonical import written
from connector.mapping.checks import Refusal, first_of, refusals
from connector.mapping.converters import TEXT, Column
from connector.mapping.diff import differences
from connector.mapping.ownership import OWNER_FIELD
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, Master, NullPolicy, Parent
from connector.model.describe import ObjectDescribe
from connector.model.outcome import REFUSED, RowOutcome


class Operation(StrEnum):
    """What is sent for a row."""

    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    """The platform made the record in this run, without its external id: write all of it, by Id."""
    MET = "met"
    """Of a before-image only: the record was to be created, and stood there when its job came to it."""
    NONE = "none"


def decide(spec: EntitySpec, described: ObjectDescribe, prepared: pd.DataFrame) -> pd.DataFrame:
    """A prepared batch -> its plan: row, key, operation, verdict, salesforce_id, parents' keys, targets.

    A target is the value to be written; it is missing where Salesforce's own value stays as it is.
    """
    ours = targets(spec, prepared)
    wished = _to_write(spec, prepared, ours)
    existing = prepared[named.SALESFORCE_ID].notna()
    verdict = first_of(
        [
            *_key_refusals(spec, prepared),
            *(
                refusal
                for field in spec.fields
                for refusal in refusals(
                    field, described.fields[field.api_name], wished[field.api_name], ~existing
                )
            ),
            _review(spec, prepared),
            *_parent_refusals(spec, prepared),
        ],
        prepared.index,
    )
    refused = verdict[named.OUTCOME].notna()
    changed = _changed(spec, prepared, wished) | (existing & ~prepared[named.LINKED])
    given = {parent.field: _given(parent, described, prepared) for parent in spec.fillable_parents}
    operation = pd.Series(Operation.NONE.value, index=prepared.index, dtype=object)
    operation[~refused & ~existing] = Operation.CREATE.value
    operation[~refused & existing & changed] = Operation.UPDATE.value
    outcome = operation.map(
        {
            Operation.CREATE.value: RowOutcome.CREATED.value,
            Operation.UPDATE.value: RowOutcome.UPDATED.value,
            Operation.NONE.value: RowOutcome.UNCHANGED.value,
        }
    )
    verdict[named.OUTCOME] = verdict[named.OUTCOME].where(refused, outcome)
    carried = [
        named.ROW,
        named.KEY,
        named.BATCH,
        named.SALESFORCE_ID,
        named.LINKED,
        *(named.parent_key(p.field) for p in spec.parents),
    ]
    plan = prepared[carried].copy()
    plan[named.OPERATION] = operation.astype(TEXT)
    for name in named.VERDICT:
        plan[name] = verdict[name].astype(TEXT)
    for field in spec.fields:
        plan[named.target(field.api_name)] = wished[field.api_name]
    plan[named.SALESFORCE_DIFFERS] = _salesforce_differs(spec, prepared, ours)
    for name, key in given.items():
        plan[named.given_parent(name)] = key
    if OWNER_FIELD in wished:
        plan[named.OWNER] = prepared[named.salesforce(OWNER_FIELD)].fillna(wished[OWNER_FIELD])
    return plan


def targets(spec: EntitySpec, prepared: pd.DataFrame) -> pd.DataFrame:
    """The values that Gentrack's side gives each field, in the form in which they are written."""
    return pd.DataFrame(
        {
            field.api_name: written(
                field.converter.to_salesforce(*(prepared[named.gentrack(s)] for s in field.sources)),
                field.type,
                field.scale,
            )
            for field in spec.fields
        },
        index=prepared.index,
    )


def _to_write(spec: EntitySpec, prepared: pd.DataFrame, wished: pd.DataFrame) -> pd.DataFrame:
    """What isn't Gentrack's alone is written at creation; at the first linking it fills blanks there."""
    held_otherwise = _held_otherwise(spec, prepared, wished)
    keep = {}
    for field in spec.fields:
        values = wished[field.api_name]
        if field.master is not Master.GENTRACK:
            blank = prepared[named.salesforce(field.api_name)].isna()
            if field.unit is not None:
                blank &= ~held_otherwise[field.unit]
            values = values.where(blank & ~prepared[named.LINKED])
        keep[field.api_name] = values
    return pd.DataFrame(keep, index=prepared.index)


def _held_otherwise(spec: EntitySpec, prepared: pd.DataFrame, wished: pd.DataFrame) -> dict[str, Column]:
    """By unit, the rows of which Salesforce holds another value of it: no line of Gentrack's is mixed in."""
    fields = [
        field for field in spec.fields if field.unit is not None and field.master is not Master.GENTRACK
    ]
    found = prepared[[named.salesforce(field.api_name) for field in fields]]
    found.columns = pd.Index([field.api_name for field in fields])
    other = differences(wished, found, fields) & found.notna()
    units = {
        unit: [f.api_name for f in fields if f.unit == unit] for unit in {field.unit for field in fields}
    }
    return {str(unit): other[names].any(axis="columns") for unit, names in units.items()}


def _given(parent: Parent, described: ObjectDescribe, prepared: pd.DataFrame) -> Column:
    """The key of the parent that the first linking gives to a record which has none."""
    blank = prepared[named.parent_blank(parent.field)].fillna(value=False).astype(bool)
    writable = described.fields[parent.field].updateable
    return prepared[named.parent_key(parent.field)].where(blank & ~prepared[named.LINKED] & writable)


def _changed(spec: EntitySpec, prepared: pd.DataFrame, wished: pd.DataFrame) -> Column:
    """Whether a field that follows Gentrack differs; an empty value that leaves alone never does.

    Fields that the finishing pass writes are not looked at: it compares them when their turn comes.
    """
    follows = [field for field in spec.gentrack_fields if field.born is None]
    found = prepared[[named.salesforce(field.api_name) for field in spec.fields]]
    found.columns = pd.Index([field.api_name for field in spec.fields])
    differing = differences(wished, found, follows)
    for field in follows:
        if field.null_policy is NullPolicy.LEAVE:
            differing[field.api_name] &= wished[field.api_name].notna()
    return differing.any(axis="columns")


def _salesforce_differs(spec: EntitySpec, prepared: pd.DataFrame, ours: pd.DataFrame) -> Column:
    """Rows whose values differ as they are written: few of them, so that only those are compared closely.

    A blank is no difference at the first linking, which fills it; rivals of one key have no record of theirs.
    """
    differs = pd.Series(data=False, index=prepared.index)
    alone = prepared[named.SALESFORCE_ID].notna() & (prepared[named.KEY_COUNT] == 1)
    if not alone.any():
        return differs
    linked = prepared[named.LINKED].astype(bool)
    for field in spec.salesforce_fields:
        held = prepared[named.salesforce(field.api_name)]
        same = (ours[field.api_name] == held).fillna(value=False) | (
            ours[field.api_name].isna() & held.isna()
        )
        differs |= ~same & (held.notna() | linked)
    return differs & alone


def _key_refusals(spec: EntitySpec, prepared: pd.DataFrame) -> list[Refusal]:
    key_columns = " and ".join(spec.key)
    return [
        Refusal(
            prepared[named.KEY_BROKEN],
            RowOutcome.REJECTED,
            "KEY_NOT_USABLE",
            EXTERNAL_ID,
            f"The external id is made of {key_columns}, and one of them is empty or contains ':'.",
            f"Correct {key_columns} in Gentrack.",
        ),
        Refusal(
            prepared[named.KEY_COUNT] > 1,
            RowOutcome.REJECTED,
            "DUPLICATE_KEY",
            EXTERNAL_ID,
            "Several records share this key (letter case doesn't count), so none of them was sent.",
            f"Leave one record with this {key_columns} in Gentrack.",
        ),
    ]


def _review(spec: EntitySpec, prepared: pd.DataFrame) -> Refusal:
    """Rows for which link found a record in Salesforce that only a person can judge."""
    held = prepared[named.PROPOSED] > 0
    candidates = prepared.loc[held, named.PROPOSED]
    several = candidates.astype(str).astype(TEXT) + f" {spec.salesforce_object} records"
    found = several.where(candidates > 1, f"One {spec.salesforce_object} record")
    return Refusal(
        held,
        RowOutcome.HELD,
        "LINK_PROPOSED",
        EXTERNAL_ID,
        found
        + " in Salesforce may be this one already, and only a person can tell. Nothing was created for it.",
        "Decide with `connector review` (list, accept, reject, or export and import), then start a run.",
    )


def _parent_refusals(spec: EntitySpec, prepared: pd.DataFrame) -> list[Refusal]:
    return [refusal for parent in spec.first_parents for refusal in _refusals_by(parent, prepared)]


def _refusals_by(parent: Parent, prepared: pd.DataFrame) -> list[Refusal]:
    key, outcome = prepared[named.parent_key(parent.field)], prepared[named.parent_outcome(parent.field)]
    there = prepared[named.parent_there(parent.field)].fillna(value=False).astype(bool)
    stopped = outcome.isin([refused.value for refused in REFUSED]) & ~there
    found = [
        Refusal(
            (key.notna() & outcome.isna()).astype(bool),
            RowOutcome.HELD,
            "PARENT_MISSING",
            parent.field,
            f"Its {parent.entity} doesn't exist in Gentrack.",
            f"Correct {parent.key} in Gentrack, or add the {parent.entity}.",
        )
    ]
    if parent.required:
        found.append(
            Refusal(
                key.isna(),
                RowOutcome.REJECTED,
                "PARENT_MISSING",
                parent.field,
                f"It names no {parent.entity}.",
                f"Fill in {parent.key} in Gentrack.",
            )
        )
    found.append(held_by_parent(parent, stopped, prepared[named.parent_reason(parent.field)]))
    return found


def held_by_parent(parent: Parent, rows: Column, reason: Column) -> Refusal:
    """Rows that wait for a parent which Salesforce doesn't know by its key, with the parent's own reason.

    A parent that was refused and carries its external id already holds nobody: its children find it.
    """
    held = rows.fillna(value=False).astype(bool)
    return Refusal(
        held,
        RowOutcome.HELD,
        "PARENT_REFUSED",
        parent.field,
        f"Its {parent.entity} is not in Salesforce: " + reason[held].fillna("no reason was kept."),
        f"Mend the {parent.entity} first.",
    )
