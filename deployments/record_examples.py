"""The examples of whole records on docs/ongoing-decisions.md: what both sides and the ledger say of one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from connector.mapping import columns as named
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.record_cases import RECORD_CASES, Presence, RecordCase, Standing
from connector.mapping.agreement.terms import DeletionPolicy, Direction, Terms
from connector.mapping.vocabulary import Master, Parent
from deployments.decision_examples import (
    OTHER_ID,
    PARENT,
    USUAL,
    VALUE,
    agreement,
    asked,
    linked,
    of_one_field,
)


@dataclass(frozen=True)
class RecordExample:
    """What the sides and the ledger say of a record."""

    what: str
    says: Mapping[str, Any]
    terms: Terms = USUAL
    edited: bool = False

    def case(self) -> RecordCase:
        """What is decided for the record."""
        parents = (Parent(PARENT, "parent", "parent", required=True),)
        spec = replace(of_one_field(Master.GENTRACK), parents=parents)
        held = "edited" if self.edited else "old"
        row = linked() | {
            named.gentrack("value"): held,
            named.salesforce(VALUE): held,
            named.parent_key(PARENT): "P1",
            named.salesforce_parent(PARENT): "P1",
            named.parent_id(PARENT): OTHER_ID,
            named.parent_there(PARENT): True,
        }
        row |= agreement(spec, {VALUE: "old", PARENT: "P1"}) | dict(self.says)
        case: RecordCase = RECORD_CASES[decide(spec, self.terms, batch_of(spec, [row])).record_codes[0]]
        return case


_PRESENT, _ABSENT, _SILENT = (one.value for one in Presence)
_NEW, _LINKED, _ENDED = ({named.STANDING: one.value} for one in Standing)
_NO_KEY = {named.SALESFORCE_KEY: None, named.CARRIER_ID: None, named.CARRIERS: 0}
_GONE_HERE = {named.IN_GENTRACK: _ABSENT}
_GONE_THERE = {named.IN_SALESFORCE: _ABSENT, **_NO_KEY}
_ONLY_GENTRACK = _NEW | _GONE_THERE | {named.SALESFORCE_ID: None}
_ONLY_SALESFORCE = _NEW | _GONE_HERE | _NO_KEY | {named.KEY: None}
_MERGED = _GONE_THERE | {named.MERGED_INTO: OTHER_ID}
_IGNORE = Terms(gone_in_gentrack=DeletionPolicy.IGNORE)
_DELETE = Terms(gone_in_gentrack=DeletionPolicy.DELETE, gone_in_salesforce=DeletionPolicy.DELETE)

RECORDS = (
    RecordExample("linked, and on both sides", {}),
    RecordExample("linked, its external id in Salesforce changed or cleared", {named.SALESFORCE_KEY: "X9"}),
    RecordExample("a side did not answer", {named.IN_GENTRACK: _SILENT}),
    RecordExample("only in Gentrack", _ONLY_GENTRACK),
    RecordExample(
        "only in Gentrack, its parent not in Salesforce",
        _ONLY_GENTRACK | {named.parent_there(PARENT): False},
    ),
    RecordExample("only in Gentrack, without a parent", _ONLY_GENTRACK | {named.parent_key(PARENT): None}),
    RecordExample("only in Gentrack, proposals wait for a review", _ONLY_GENTRACK | {named.PROPOSED: 2}),
    RecordExample("only in Gentrack, a key that can't be used", _ONLY_GENTRACK | {named.KEY_BROKEN: True}),
    RecordExample("several in Gentrack with one external id", _ONLY_GENTRACK | {named.KEY_COUNT: 2}),
    RecordExample("only in Salesforce, not in scope", _ONLY_SALESFORCE),
    RecordExample("only in Salesforce, in scope", _ONLY_SALESFORCE | {named.IN_SCOPE: True}),
    RecordExample(
        "only in Salesforce, in scope, its parent not in Gentrack",
        _ONLY_SALESFORCE | {named.IN_SCOPE: True, named.salesforce_parent(PARENT): None},
    ),
    RecordExample(
        "only in Salesforce, with an external id that Gentrack doesn't know",
        _ONLY_SALESFORCE | {named.SALESFORCE_KEY: "X9"},
    ),
    RecordExample("on both sides, not linked yet", _NEW | _NO_KEY),
    RecordExample("on both sides, not linked yet, Salesforce carries the external id", _NEW),
    RecordExample(
        "on both sides, not linked yet, Salesforce carries another external id",
        _NEW | {named.SALESFORCE_KEY: "X9"},
    ),
    RecordExample("deleted in Gentrack", _GONE_HERE),
    RecordExample("deleted in Gentrack, flagged already", _GONE_HERE | {named.FLAGGED: True}),
    RecordExample("deleted in Gentrack, the policy is *ignore*", _GONE_HERE, _IGNORE),
    RecordExample("deleted in Gentrack, the policy is *delete*", _GONE_HERE, _DELETE),
    RecordExample(
        "deleted in Gentrack, edited in Salesforce, the policy is *delete*", _GONE_HERE, _DELETE, edited=True
    ),
    RecordExample("deleted in Salesforce", _GONE_THERE),
    RecordExample("deleted in Salesforce, the policy is *delete*", _GONE_THERE, _DELETE),
    RecordExample(
        "deleted in Salesforce, edited in Gentrack, the policy is *delete*", _GONE_THERE, _DELETE, edited=True
    ),
    RecordExample("deleted on both sides", _GONE_HERE | _GONE_THERE),
    RecordExample("its deletion was dealt with, the other side is edited", _ENDED | _GONE_HERE, edited=True),
    RecordExample("its deletion was dealt with, and it is back", _ENDED | {named.FLAGGED: True}),
    RecordExample("merged in Salesforce into a record that is not linked", _MERGED),
    RecordExample("merged in Salesforce into a linked record", _MERGED | {named.MERGED_KEY: "K2"}),
    RecordExample("several in Salesforce carry its external id", {named.CARRIERS: 2}),
    RecordExample("its external id stands on another Salesforce record", {named.CARRIER_ID: OTHER_ID}),
    RecordExample(
        "deleted in Salesforce, another record carries its external id",
        _GONE_THERE | {named.CARRIER_ID: OTHER_ID, named.CARRIERS: 1},
    ),
    RecordExample("on neither side, and never linked", _ONLY_GENTRACK | _GONE_HERE),
    RecordExample(
        "only in Gentrack, asked salesforce-to-gentrack", _ONLY_GENTRACK, asked(Direction.TO_GENTRACK)
    ),
)
"""What may be said of a record as a whole, on the default terms where nothing else is said."""
