"""The rules for records: which case each record is, over whole batches at once.

What both sides say of it now, and how the pair stands in the ledger, decide. What was deleted is never
revived, and nothing is deleted because a side kept silent.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.record_cases import RECORD_CASES, Presence, RecordCase, Standing
from connector.mapping.agreement.sides import Sides, Truth
from connector.mapping.agreement.terms import DeletionPolicy, Terms
from connector.mapping.canonical import folded
from connector.mapping.converters import Column
from connector.mapping.vocabulary import EntitySpec, Master

Codes = npt.NDArray[np.int8]
Rule = tuple[Truth, RecordCase]


def record_cases(
    spec: EntitySpec, terms: Terms, records: pd.DataFrame, sides: Sides, replaced: Truth
) -> Codes:
    """Records -> the code of each one's case.

    `replaced` says of linked records that only a new one in Salesforce can have the parent that Gentrack
    gives.
    """
    here, there = _is(records, named.IN_GENTRACK), _is(records, named.IN_SALESFORCE)
    linked, ended = (_stands(records, standing) for standing in (Standing.LINKED, Standing.ENDED))
    new = ~linked & ~ended
    rules = [
        *_identity(records, here, there, linked),
        ((linked | ended) & ~here & ~there, RecordCase.GONE_ON_BOTH),
        (ended & here & there, RecordCase.BACK_AGAIN),
        (ended, RecordCase.ENDED),
        *((linked & rows, case) for rows, case in _gone(terms, records, sides, here, there)),
        (linked & replaced, RecordCase.REPLACED),
        (linked & ~_same(records[named.SALESFORCE_KEY], records[named.KEY]), RecordCase.KEY_CHANGED),
        (linked, RecordCase.LINKED),
        *((new & rows, case) for rows, case in _new(spec, records, here, there)),
    ]
    codes = np.select(
        [rows for rows, _ in rules],
        [np.int8(case.code) for _, case in rules],
        default=np.int8(RecordCase.NOWHERE.code),
    )
    return _as_asked(codes.astype(np.int8), terms)


def _identity(records: pd.DataFrame, here: Truth, there: Truth, linked: Truth) -> list[Rule]:
    """Who is who comes first: a record that may be another one is not written at all."""
    merged = linked & ~there & _has(records, named.MERGED_INTO)
    winner_linked = _has(records, named.MERGED_KEY) & ~_same(records[named.MERGED_KEY], records[named.KEY])
    carried = _has(records, named.CARRIER_ID)
    elsewhere = linked & carried & ~_same(records[named.CARRIER_ID], records[named.SALESFORCE_ID])
    silent = _is(records, named.IN_GENTRACK, Presence.NO_ANSWER)
    silent |= _is(records, named.IN_SALESFORCE, Presence.NO_ANSWER)
    return [
        (silent, RecordCase.NO_ANSWER),
        (here & (records[named.KEY_COUNT] > 1).to_numpy(), RecordCase.DUPLICATE_KEY),
        ((records[named.CARRIERS] > 1).to_numpy(), RecordCase.SEVERAL_CARRY_KEY),
        (merged & here & winner_linked, RecordCase.MERGED_WITH_LINKED),
        (merged & here, RecordCase.MERGED),
        (elsewhere & there, RecordCase.KEY_ON_ANOTHER),
        (elsewhere & here, RecordCase.KEY_PASSED_ON),
    ]


def _gone(terms: Terms, records: pd.DataFrame, sides: Sides, here: Truth, there: Truth) -> list[Rule]:
    """Linked records that one side no longer has. One that may have been edited is deleted by nobody.

    What Salesforce masters and has no way back, such as an owner, is never agreed on: it is no edit.
    """
    counts = np.array(
        [line.way_back or line.master is not Master.SALESFORCE for line in sides.lines], np.bool_
    )
    as_agreed = np.where(there[:, None], sides.salesforce_as_agreed, sides.gentrack_as_agreed)
    edited = ~as_agreed[:, counts].all(axis=1)
    flagged = records[named.FLAGGED].to_numpy(dtype=np.bool_)
    in_gentrack = {
        DeletionPolicy.IGNORE: [(~here, RecordCase.GONE_IGNORED)],
        DeletionPolicy.FLAG: [(~here & flagged, RecordCase.FLAGGED_ALREADY), (~here, RecordCase.FLAGGED)],
        DeletionPolicy.DELETE: [
            (~here & edited, RecordCase.DELETED_AND_EDITED),
            (~here, RecordCase.DELETED_IN_SALESFORCE),
        ],
    }
    in_salesforce = {
        DeletionPolicy.IGNORE: [(~there, RecordCase.GONE_IGNORED)],
        DeletionPolicy.FLAG: [(~there, RecordCase.REPORTED)],
        DeletionPolicy.DELETE: [
            (~there & edited, RecordCase.DELETED_AND_EDITED),
            (~there, RecordCase.DELETED_IN_GENTRACK),
        ],
    }
    return [*in_gentrack[terms.gone_in_gentrack], *in_salesforce[terms.gone_in_salesforce]]


def _new(spec: EntitySpec, records: pd.DataFrame, here: Truth, there: Truth) -> list[Rule]:
    """Records that the ledger doesn't know."""
    keyed = _has(records, named.SALESFORCE_KEY)
    in_both, only_here, only_there = here & there, here & ~there, there & ~here
    missing, awaited = _parents_in_salesforce(spec, records)
    missing_back, awaited_back = _parents_in_gentrack(spec, records)
    in_scope = records[named.IN_SCOPE].to_numpy(dtype=np.bool_)
    proposed = (records[named.PROPOSED] > 0).to_numpy()
    another = keyed & ~_same(records[named.SALESFORCE_KEY], records[named.KEY])
    return [
        (in_both & another, RecordCase.CARRIES_ANOTHER_KEY),
        (here & records[named.KEY_BROKEN].to_numpy(dtype=np.bool_), RecordCase.KEY_NOT_USABLE),
        (in_both & keyed, RecordCase.FOUND_BY_KEY),
        (in_both, RecordCase.FOUND),
        (only_here & proposed, RecordCase.LINK_PROPOSED),
        (only_here & missing, RecordCase.PARENT_MISSING),
        (only_here & awaited, RecordCase.PARENT_AWAITED),
        (only_here, RecordCase.NEW_IN_GENTRACK),
        (only_there & keyed, RecordCase.KEY_UNKNOWN),
        (only_there & ~in_scope, RecordCase.OUT_OF_SCOPE),
        (only_there & proposed, RecordCase.LINK_PROPOSED),
        (only_there & missing_back, RecordCase.PARENT_MISSING),
        (only_there & awaited_back, RecordCase.PARENT_AWAITED),
        (only_there, RecordCase.NEW_IN_SALESFORCE),
    ]


def _parents_in_salesforce(spec: EntitySpec, records: pd.DataFrame) -> tuple[Truth, Truth]:
    """Of records that Gentrack has: which lack a parent that they need, which wait for one."""
    missing, awaited = np.zeros(len(records), np.bool_), np.zeros(len(records), np.bool_)
    for parent in spec.first_parents:
        named_one = _has(records, named.parent_key(parent.field))
        missing |= ~named_one & parent.required
        awaited |= named_one & ~records[named.parent_there(parent.field)].to_numpy(dtype=np.bool_)
    return missing, awaited


def _parents_in_gentrack(spec: EntitySpec, records: pd.DataFrame) -> tuple[Truth, Truth]:
    """Of records that Salesforce has: which lack a parent that they need, which have one without a key."""
    missing, awaited = np.zeros(len(records), np.bool_), np.zeros(len(records), np.bool_)
    for parent in spec.parents_in_gentrack:
        looked_up = _has(records, named.parent_id(parent.field))
        known = _has(records, named.salesforce_parent(parent.field))
        missing |= ~looked_up & ~known & parent.required
        awaited |= looked_up & ~known
    return missing, awaited


def _as_asked(codes: Codes, terms: Terms) -> Codes:
    """Without what would be written in a direction that was not asked; values alone go on for themselves."""
    not_asked = [
        case for case in RECORD_CASES if case.direction is not None and case.direction not in terms.directions
    ]
    left = np.isin(codes, [case.code for case in not_asked if case is not RecordCase.KEY_CHANGED])
    codes = np.where(left, np.int8(RecordCase.OTHER_DIRECTION.code), codes)
    if RecordCase.KEY_CHANGED in not_asked:
        kept = codes == RecordCase.KEY_CHANGED.code
        codes = np.where(kept, np.int8(RecordCase.LINKED.code), codes)
    return codes


def _is(records: pd.DataFrame, column: str, presence: Presence = Presence.PRESENT) -> Truth:
    return (records[column] == presence.value).to_numpy(dtype=np.bool_)


def _stands(records: pd.DataFrame, standing: Standing) -> Truth:
    return (records[named.STANDING] == standing.value).to_numpy(dtype=np.bool_)


def _has(records: pd.DataFrame, column: str) -> Truth:
    return records[column].notna().to_numpy(dtype=np.bool_)


def _same(left: Column, right: Column) -> Truth:
    """Whether two ids are the same, case folded as Salesforce compares external ids."""
    return (folded(left) == folded(right)).fillna(value=False).to_numpy(dtype=np.bool_)
