"""The examples on docs/ongoing-decisions.md: what both sides have of a field, and what is then decided.

The decisions are not written down here, they are made: by the functions that the connector itself runs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.field_cases import CASES, FieldCase
from connector.mapping.agreement.hashes import hashed, packed
from connector.mapping.agreement.lines import agreed_of, fingerprint, holders_of, lines_of, meaning
from connector.mapping.agreement.record_cases import RECORD_CASES, Presence, RecordCase, Standing
from connector.mapping.agreement.terms import ConflictPolicy, Direction, DriftPolicy, Terms
from connector.mapping.converters import TEXT, one_way
from connector.mapping.vocabulary import (
    EntitySpec,
    Field,
    FieldType,
    Master,
    NullPolicy,
    Origin,
    Parent,
    Resource,
    SourceView,
)

VALUE, PARENT = "Value__c", "Parent__c"
USUAL = Terms()
"""The terms of an instance that says nothing else."""
_OWN, _ANOTHER = (Resource(name, pa.struct([("id", pa.int64())])) for name in ("own", "another"))
_HELD = SourceView((_OWN, _ANOTHER), "", origins=(Origin("value", _ANOTHER, "value", record="another.id"),))
"""The value of a record is another one's."""
OUR_ID, OTHER_ID = "001000000000001AAA", "001000000000002AAA"


@dataclass(frozen=True)
class FieldExample:
    """One value on both sides, blank as an empty text; `agreed` is None where nothing was agreed yet."""

    what: str
    gentrack: str = "old"
    salesforce: str = "old"
    agreed: str | None = "old"
    terms: Terms = USUAL
    line: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    of_another: bool = False
    """Whether Gentrack has the value from another record than the one that was agreed on."""

    def case(self, master: Master) -> tuple[FieldCase, Direction | None]:
        """What is decided for a field of this master, and in which direction it is written."""
        spec = of_one_field(master, **self.line)
        spec = replace(spec, source=_HELD) if self.of_another else spec
        records = batch_of(spec, [self._row(spec)]).assign(
            **{named.gentrack(one.column): pd.Series(["2"], dtype=TEXT) for one in holders_of(spec)}
        )
        return _written(decide(spec, self.terms, records), 0)

    def _row(self, spec: EntitySpec) -> dict[str, Any]:
        values = {named.gentrack("value"): self.gentrack, named.salesforce(VALUE): self.salesforce}
        return linked() | values | agreement(spec, {VALUE: self.agreed}) | dict(self.record)


@dataclass(frozen=True)
class ParentExample:
    """The external ids of a record's parent, as above, and whether Gentrack's is in Salesforce."""

    what: str
    gentrack: str = "P1"
    salesforce: str = "P1"
    agreed: str | None = "P1"
    there: bool = True
    terms: Terms = USUAL

    def case(self) -> tuple[RecordCase, FieldCase, Direction | None]:
        """What is decided for the record and for the lookup."""
        spec = replace(
            of_one_field(Master.GENTRACK), fields=(), parents=(Parent(PARENT, "parent", "parent"),)
        )
        row = linked() | agreement(spec, {PARENT: self.agreed})
        row |= {
            named.parent_key(PARENT): self.gentrack or None,
            named.salesforce_parent(PARENT): self.salesforce or None,
            named.parent_there(PARENT): self.there,
        }
        decisions = decide(spec, self.terms, batch_of(spec, [row]))
        return RECORD_CASES[decisions.record_codes[0]], *_written(decisions, 0)


CHANGES = (
    FieldExample("nothing"),
    FieldExample("changed in Gentrack", gentrack="new"),
    FieldExample("changed in Salesforce", salesforce="new"),
    FieldExample("changed on both sides, alike", gentrack="new", salesforce="new"),
    FieldExample("changed on both sides, differently", gentrack="new", salesforce="other"),
    FieldExample("cleared in Gentrack", gentrack=""),
    FieldExample("cleared in Salesforce", salesforce=""),
    FieldExample("nothing agreed yet, the values differ", gentrack="new", salesforce="other", agreed=None),
    FieldExample("nothing agreed yet, blank in Salesforce", gentrack="new", salesforce="", agreed=None),
    FieldExample("nothing agreed yet, blank in Gentrack", gentrack="", salesforce="other", agreed=None),
)
"""What may have happened to a field, on the default terms."""

_REPORT, _LEAVE = Terms(drift=DriftPolicy.REPORT), {"null_policy": NullPolicy.LEAVE}
_ONE_WAY, _FIXED = {"converter": one_way("one way", {})}, Terms(fixed=frozenset({VALUE}))
_RESTORED = {named.CONTESTED: Terms().contests}


def asked(direction: Direction) -> Terms:
    """The terms of a request that asks for one direction."""
    return Terms(directions=frozenset({direction}))


POLICIES: tuple[tuple[Master, FieldExample], ...] = (
    (
        Master.GENTRACK,
        FieldExample("drift is reported: changed in Salesforce", salesforce="new", terms=_REPORT),
    ),
    (
        Master.SALESFORCE,
        FieldExample("drift is reported: changed in Gentrack", gentrack="new", terms=_REPORT),
    ),
    (
        Master.GENTRACK,
        FieldExample("restored three times in a row, and changed again", salesforce="new", record=_RESTORED),
    ),
    (
        Master.SHARED,
        FieldExample("written three times in a row, and changed again", salesforce="new", record=_RESTORED),
    ),
    (
        Master.SHARED,
        FieldExample(
            "conflicts go to Gentrack: both changed",
            gentrack="new",
            salesforce="other",
            terms=Terms(conflict=ConflictPolicy.GENTRACK),
        ),
    ),
    (
        Master.SHARED,
        FieldExample(
            "conflicts go to Salesforce: both changed",
            gentrack="new",
            salesforce="other",
            terms=Terms(conflict=ConflictPolicy.SALESFORCE),
        ),
    ),
    (
        Master.GENTRACK,
        FieldExample("an empty value leaves alone: cleared in Gentrack", gentrack="", line=_LEAVE),
    ),
    (
        Master.SALESFORCE,
        FieldExample("an empty value leaves alone: cleared in Salesforce", salesforce="", line=_LEAVE),
    ),
    (
        Master.SALESFORCE,
        FieldExample(
            "one value of Gentrack, another record in Salesforce changed it",
            gentrack="new",
            record={named.elsewhere(VALUE): True},
        ),
    ),
    (
        Master.SALESFORCE,
        FieldExample("another record of Gentrack than before has the value", gentrack="new", of_another=True),
    ),
    (
        Master.SALESFORCE,
        FieldExample(
            "the same, and Salesforce changed the one of before",
            gentrack="new",
            salesforce="other",
            of_another=True,
        ),
    ),
    (Master.SALESFORCE, FieldExample("no way back: changed in Salesforce", salesforce="new", line=_ONE_WAY)),
    (
        Master.GENTRACK,
        FieldExample("taken at creation only: changed in Gentrack", gentrack="new", terms=_FIXED),
    ),
    (
        Master.SALESFORCE,
        FieldExample(
            "asked gentrack-to-salesforce: changed in Salesforce",
            salesforce="new",
            terms=asked(Direction.TO_SALESFORCE),
        ),
    ),
    (
        Master.GENTRACK,
        FieldExample(
            "asked salesforce-to-gentrack: changed in Gentrack",
            gentrack="new",
            terms=asked(Direction.TO_GENTRACK),
        ),
    ),
    (
        Master.SHARED,
        FieldExample(
            "asked salesforce-to-gentrack: changed in Gentrack",
            gentrack="new",
            terms=asked(Direction.TO_GENTRACK),
        ),
    ),
)
"""What policies and limits change."""

PARENTS = (
    ParentExample("moved in Gentrack", gentrack="P2"),
    ParentExample("moved in Gentrack, to a parent that is not in Salesforce", gentrack="P2", there=False),
    ParentExample("moved in Salesforce", salesforce="P2"),
    ParentExample("never agreed, and they differ", gentrack="P2", agreed=None),
    ParentExample("never agreed, and Salesforce has none", salesforce="", agreed=None),
)
"""What may have happened to a record's parent."""
FIXED_PARENTS = tuple(replace(one, terms=Terms(fixed=frozenset({PARENT}))) for one in PARENTS[:2])
"""The same for a lookup that Salesforce takes at creation only."""


def examples_of_a_field(master: Master) -> Iterator[tuple[FieldExample, FieldCase, Direction | None]]:
    """The examples of one master with what is decided."""
    for example in CHANGES:
        yield example, *example.case(master)


def of_one_field(master: Master, **line: Any) -> EntitySpec:
    """An entity of one field."""
    fields = (Field(VALUE, "value", FieldType.TEXT, master, **line),)
    return EntitySpec("example", "Example__c", SourceView((), ""), ("id",), fields)


def linked() -> dict[str, Any]:
    """A record that is linked and on both sides."""
    return {
        named.KEY: "K1",
        named.SALESFORCE_ID: OUR_ID,
        named.STANDING: Standing.LINKED.value,
        named.IN_GENTRACK: Presence.PRESENT.value,
        named.IN_SALESFORCE: Presence.PRESENT.value,
        named.SALESFORCE_KEY: "K1",
        named.CARRIER_ID: OUR_ID,
        named.CARRIERS: 1,
        named.KEY_COUNT: 1,
    }


def agreement(spec: EntitySpec, values: Mapping[str, str | None]) -> dict[str, Any]:
    """What was agreed, as the ledger keeps it."""
    lines = lines_of(spec)
    known = [hashed(meaning(line, pd.Series([values[line.name]], dtype=TEXT))) for line in lines]
    hashes = [
        one if values[line.name] is not None else one * 0 for line, one in zip(lines, known, strict=True)
    ]
    hashes += [hashed(pd.Series(["1"], dtype=TEXT)) for _ in holders_of(spec)]
    whole = packed(np.column_stack(hashes), pd.RangeIndex(1))
    return {named.FIELDS: fingerprint(agreed_of(spec)), named.AGREED: whole.iloc[0]}


def _written(decisions: Decisions, line: int) -> tuple[FieldCase, Direction | None]:
    case = CASES[decisions.fields.codes[0, line]]
    ways = (Direction.TO_GENTRACK, Direction.TO_SALESFORCE)
    return case, ways[int(decisions.fields.towards_salesforce[0, line])] if case.writes else None
