"""Decide: a batch of records as they stand on both sides -> what is done with each, field by field.

The columns of a batch, one row a record (`connector.mapping.columns`):

- key, salesforce_id: the external id and the Salesforce id; a record that only one side has lacks the other.
- standing, fields, agreed, contested: the pair in the ledger, and what was last agreed.
- in_gentrack, in_salesforce: what each side says of the record.
- g.<source>, parent.<field>, parent.<field>.there: Gentrack's values, its parents' external ids, and whether
  those are in Salesforce.
- s.<field>, s.key, s.parent.<field>, parent_id.<field>: Salesforce's values, external ids and lookups. Where
  an object has no external id field, s.key is the key that the record is linked with.
- key_broken, key_count, proposed: as in a prepared batch of an initial run.
- carriers, carrier_id, merged_into, merged_key, flagged, in_scope: what else Salesforce says.
- elsewhere.<field> of what Salesforce masters: whether Gentrack has its value from another record there.

Values are Arrow-backed text; a side that doesn't have the record has no values.
"""

import numpy as np
import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.field_cases import FieldCase
from connector.mapping.agreement.field_rules import FieldCases, field_cases
from connector.mapping.agreement.lines import lines_of
from connector.mapping.agreement.record_cases import (
    FIELDS_TOO,
    NEW_IN_SALESFORCE,
    RECORD_CASES,
    Action,
    Presence,
    Standing,
)
from connector.mapping.agreement.record_rules import Codes, record_cases
from connector.mapping.agreement.sides import Sides, Truth, sides_of
from connector.mapping.agreement.terms import Terms
from connector.mapping.vocabulary import EntitySpec, Master, Parent


def decide(spec: EntitySpec, terms: Terms, records: pd.DataFrame) -> Decisions:
    """What is done with each record of a batch. Nothing is asked of any system, nothing is remembered."""
    sides = sides_of(spec, lines_of(spec), records)
    of_fields = field_cases(
        sides,
        terms,
        records[named.CONTESTED].to_numpy(dtype=np.int64),
        _parents_there(sides, records),
        _given_elsewhere(sides, records),
    )
    of_records = record_cases(spec, terms, records, sides, _replaced(sides, records, of_fields))
    return Decisions(
        spec=spec,
        terms=terms,
        records=records,
        sides=sides,
        record_codes=of_records,
        fields=_with_records(spec, sides, of_records, of_fields),
    )


def _parents_there(sides: Sides, records: pd.DataFrame) -> Truth:
    """False for each lookup to a parent that Gentrack names and Salesforce lacks."""
    there = np.ones(sides.equal.shape, dtype=np.bool_)
    for place, line in enumerate(sides.lines):
        if line.is_parent:
            stands = records[named.parent_there(line.name)].to_numpy(dtype=np.bool_)
            there[:, place] = stands | sides.gentrack_blank[:, place]
    return there


def _given_elsewhere(sides: Sides, records: pd.DataFrame) -> Truth:
    """True where Gentrack has a value that Salesforce masters from another record there."""
    given = np.zeros(sides.equal.shape, dtype=np.bool_)
    for place, line in enumerate(sides.lines):
        if line.master is Master.SALESFORCE:
            given[:, place] = records[named.elsewhere(line.name)].to_numpy(dtype=np.bool_)
    return given


def _replaced(sides: Sides, records: pd.DataFrame, of_fields: FieldCases) -> Truth:
    """Records on both sides to which Gentrack gave a parent that only a new Salesforce record can have."""
    replaced = np.zeros(len(records), dtype=np.bool_)
    for place, line in enumerate(sides.lines):
        if isinstance(line.of, Parent):
            fixed = of_fields.codes[:, place] == FieldCase.CREATION_ONLY.code
            moved = ~sides.gentrack_as_agreed[:, place] & ~sides.gentrack_blank[:, place]
            replaced |= fixed & moved
    for column in (named.IN_GENTRACK, named.IN_SALESFORCE):
        replaced &= (records[column] == Presence.PRESENT.value).to_numpy(dtype=np.bool_)
    return replaced & (records[named.STANDING] == Standing.LINKED.value).to_numpy(dtype=np.bool_)


def _with_records(spec: EntitySpec, sides: Sides, of_records: Codes, of_fields: FieldCases) -> FieldCases:
    """The fields of records that are written as a whole, or not at all.

    A parent that Gentrack finds by itself is agreed on when it has found it.
    """
    actions = np.array([case.action for case in RECORD_CASES], dtype=object)[of_records]
    in_salesforce = np.isin(actions, NEW_IN_SALESFORCE)[:, None]
    in_gentrack = (actions == Action.CREATE_IN_GENTRACK)[:, None]
    given = [
        line.way_back and (not line.is_parent or line.of in spec.parents_in_gentrack) for line in sides.lines
    ]
    back = np.array(given, dtype=np.bool_)
    codes = np.select(
        [
            np.broadcast_to(rows, of_fields.codes.shape)
            for rows in (
                np.isin(actions, FIELDS_TOO)[:, None],
                in_salesforce | (in_gentrack & back),
                in_gentrack,
            )
        ],
        [
            of_fields.codes,
            np.int8(FieldCase.CREATED.code),
            np.int8(FieldCase.NO_WAY_BACK.code),
        ],
        default=np.int8(FieldCase.NOT_ASKED.code),
    )
    towards = np.where(in_salesforce | in_gentrack, in_salesforce, of_fields.towards_salesforce)
    return FieldCases(codes.astype(np.int8), towards)
