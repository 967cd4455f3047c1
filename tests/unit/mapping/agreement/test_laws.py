"""The laws of agreement, over the whole registry: whatever both sides hold and agreed, on any terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from connector.entities import registry
from connector.mapping import columns as named
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.field_cases import CASES, FieldCase
from connector.mapping.agreement.hashes import UNKNOWN, hashed, packed
from connector.mapping.agreement.lines import Line, fingerprint, lines_of, meaning
from connector.mapping.agreement.record_cases import Action, Presence, Standing
from connector.mapping.agreement.sides import sides_of
from connector.mapping.agreement.terms import (
    BOTH_WAYS,
    ConflictPolicy,
    DeletionPolicy,
    Direction,
    DriftPolicy,
    Terms,
)
from connector.mapping.converters import TEXT, Column
from connector.mapping.vocabulary import EntitySpec, Field, FieldType, Master, NullPolicy
from tests.unit.mapping.agreement.two_systems import (
    GONE_IN_GENTRACK,
    GONE_IN_SALESFORCE,
    ID,
    NEW_IN_GENTRACK,
    NEW_IN_SALESFORCE,
    OTHER_ID,
    applied,
    linked,
)
from tests.unit.mapping.mapping_specs import AGREEMENT

SPECS = [*registry(), AGREEMENT]
TERMS = st.builds(
    Terms,
    drift=st.sampled_from(DriftPolicy),
    conflict=st.sampled_from(ConflictPolicy),
    gone_in_gentrack=st.sampled_from(DeletionPolicy),
    gone_in_salesforce=st.sampled_from(DeletionPolicy),
    directions=st.sampled_from([BOTH_WAYS, *(frozenset({way}) for way in Direction)]),
)
POOLS: Mapping[FieldType, list[str | None]] = {
    FieldType.TEXT: [None, " ", "Kiri", "kiri ", "1 High St\r\nFlat 2", "a\nb\nc\nd", "李小龍"],
    FieldType.EMAIL: [None, "A@B.co", "a@b.co", "c@d.co "],
    FieldType.PHONE: [None, "+64 4 555 0199", "04 555 0199"],
    FieldType.PICKLIST: [None, "Mr", "Mr.", "NZ", "Active", "Draft"],
    FieldType.MULTIPICKLIST: [None, "Main", "Main;Joint", "Joint;Main;", ";"],
    FieldType.DATE: [None, "2020-02-29", "2020-02-29T11:00:00Z", "2021-01-01"],
    FieldType.NUMBER: [None, "1", "1.000", "9.1E8", "2.345"],
    FieldType.BOOLEAN: [None, "Y", "true", "N", "false"],
}
PARENTS = [None, "P1", "p1", "P2"]


ROWS = 60
LAW = settings(max_examples=6, phases=[Phase.generate])
"""A batch of many rows is as quick as one of a single row, so few batches try much."""


class Dice:
    """Columns of a batch, each value drawn from what its type may hold."""

    def __init__(self, seed: int) -> None:
        self._dice = np.random.default_rng(seed)

    def one(self, pool: Sequence[Any]) -> Any:
        return pool[int(self._dice.integers(len(pool)))]

    def some(self, pool: Sequence[Any], rows: int = ROWS) -> pd.Series:
        drawn = np.array([*pool, None], dtype=object)[self._dice.integers(len(pool), size=rows)]
        return pd.Series(drawn, dtype=object)

    def values(self, line: Line, rows: int = ROWS) -> Column:
        return self.some(POOLS[line.of.type] if isinstance(line.of, Field) else PARENTS, rows).astype(TEXT)

    def linked(self, spec: EntitySpec) -> pd.DataFrame:
        """Records on both sides that agreed on some of what one of them holds, or on something else."""
        records = batch_of(spec, [linked(spec)] * ROWS)
        lines, hashes = lines_of(spec), []
        for line in lines:
            ours, theirs = (self.values(line) for _ in range(2))
            if isinstance(line.of, Field):
                for source in line.of.sources:
                    records[named.gentrack(source)] = self.values(line)
                records[named.salesforce(line.name)] = theirs
                ours = line.of.converter.to_salesforce(*(records[named.gentrack(s)] for s in line.of.sources))
            else:
                records[named.parent_key(line.name)] = ours
                records[named.salesforce_parent(line.name)] = theirs
                records[named.parent_id(line.name)] = self.some([None, OTHER_ID]).astype(TEXT)
                records[named.parent_there(line.name)] = self.some([True, True, False]).astype(bool)
            choices = [hashed(meaning(line, values)) for values in (ours, theirs, self.values(line))]
            choices.append(np.full(ROWS, UNKNOWN))
            hashes.append(np.choose(self._dice.integers(len(choices), size=ROWS), choices))
        records[named.FIELDS] = pd.Series(fingerprint(lines), index=records.index, dtype=TEXT)
        records[named.AGREED] = packed(np.column_stack(hashes), records.index)
        records[named.CONTESTED] = self.some([0, 0, 1, 3]).astype(int)
        return records

    def anything(self, spec: EntitySpec) -> pd.DataFrame:
        """Records of which anything may be true, as the columns allow."""
        records = self.linked(spec)
        for row in (NEW_IN_GENTRACK, NEW_IN_SALESFORCE):
            some = self.some([True, False, False]).astype(bool)
            for name, value in row.items():
                records[name] = records[name].mask(some, value)
        pools: dict[str, list[Any]] = {
            named.IN_GENTRACK: list(Presence),
            named.IN_SALESFORCE: list(Presence),
            named.STANDING: list(Standing),
            named.SALESFORCE_KEY: ["K1", "k1", "K2", None],
            named.CARRIER_ID: [ID, OTHER_ID, None],
            named.MERGED_INTO: [OTHER_ID, None],
            named.MERGED_KEY: ["K1", "K2", None],
        }
        for name, pool in pools.items():
            drawn = self.some([None if one is None else str(one) for one in pool]).astype(TEXT)
            records[name] = records[name].mask(self.some([True, False, False]).astype(bool), drawn)
        for name in (named.IN_SCOPE, named.FLAGGED):
            records[name] = self.some([True, False]).astype(bool)
        records[named.KEY_BROKEN] = self.some([True, *([False] * 9)]).astype(bool)
        records[named.CARRIERS] = self.some([*([1] * 9), 2]).astype(int)
        records[named.KEY_COUNT] = self.some([*([1] * 9), 2]).astype(int)
        records[named.PROPOSED] = self.some([0, 0, 0, 1]).astype(int)
        return records


@dataclass(frozen=True)
class World:
    """Some records of an entity on both sides, of which the seed tells all, and terms."""

    spec: EntitySpec
    terms: Terms
    seed: int
    anything: bool

    @property
    def records(self) -> pd.DataFrame:
        dice = Dice(self.seed)
        return dice.anything(self.spec) if self.anything else dice.linked(self.spec)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(f"World({self.spec.name}, {self.terms}, seed={self.seed})")


@st.composite
def worlds(draw: st.DrawFn, *, anything: bool) -> World:
    spec, terms = draw(st.sampled_from(SPECS)), draw(TERMS)
    fixed = draw(
        st.just(frozenset()) | st.frozensets(st.sampled_from([line.name for line in lines_of(spec)]))
    )
    return World(spec, replace(terms, fixed=fixed), draw(st.integers(0, 2**32)), anything)


def writes(decisions: Decisions) -> bool:
    return bool(decisions.to_salesforce.to_numpy().any() or decisions.to_gentrack.to_numpy().any())


def same(left: Decisions, right: Decisions) -> bool:
    return bool(
        (left.record_codes == right.record_codes).all() and (left.fields.codes == right.fields.codes).all()
    )


@LAW
@given(worlds(anything=False))
def test_what_was_decided_and_done_leaves_nothing_to_do(
    world: World,
) -> None:
    """It converges at once, and both systems may keep values in their own way."""
    spec, terms, records = world.spec, world.terms, world.records
    first = decide(spec, terms, records)
    after = applied(first)
    again = decide(spec, terms, after)
    assert not writes(again)
    assert same(decide(spec, terms, applied(again)), again)


@LAW
@given(worlds(anything=True))
def test_any_record_comes_to_rest(world: World) -> None:
    """Links, deletions, merges and lost keys too: after a few rounds nothing is written any more."""
    spec, terms, records = world.spec, world.terms, world.records
    for _ in range(4):
        records = applied(decide(spec, terms, records))
    at_rest = decide(spec, terms, records)
    assert not writes(at_rest)
    resting = {Action.NOTHING, Action.WRITE, Action.REVIEW}
    assert set(at_rest.actions[named.ACTION]) <= {action.value for action in resting}


@LAW
@given(worlds(anything=True))
def test_deciding_is_repeatable_and_doing_it_twice_is_doing_it_once(
    world: World,
) -> None:
    spec, terms, records = world.spec, world.terms, world.records
    one, two = decide(spec, terms, records), decide(spec, terms, records.copy())
    assert same(one, two)
    assert applied(one).equals(applied(two))
    assert applied(one).index.equals(records.index)


@LAW
@given(worlds(anything=True), st.randoms())
def test_a_record_is_decided_by_itself_whatever_stands_beside_it(world: World, shuffler: Any) -> None:
    spec, terms, records = world.spec, world.terms, world.records
    order = list(range(len(records)))
    shuffler.shuffle(order)
    mixed = records.iloc[order]
    apart = decide(spec, terms, mixed)
    assert apart.actions.sort_index().equals(decide(spec, terms, records).actions)


@LAW
@given(worlds(anything=False))
def test_equal_values_are_never_written_and_an_edit_elsewhere_never_reaches_the_master(
    world: World,
) -> None:
    spec, terms, records = world.spec, world.terms, world.records
    decisions = decide(spec, terms, records)
    sides, towards = decisions.sides, decisions.fields.towards_salesforce
    writing = [case.code for case in CASES if case.writes and case is not FieldCase.CREATED]
    written = np.isin(decisions.fields.codes, writing)
    assert not (written & sides.equal).any()
    filled = decisions.fields.codes == FieldCase.FILLED.code
    for place, line in enumerate(sides.lines):
        if line.master is Master.SHARED:
            continue
        to_master = written[:, place] & (towards[:, place] == (line.master is Master.SALESFORCE))
        assert not (to_master & ~filled[:, place]).any(), line.name
        assert not (filled[:, place] & ~sides.salesforce_blank[:, place]).any(), line.name


@LAW
@given(worlds(anything=True))
def test_a_direction_that_was_not_asked_is_not_written(world: World) -> None:
    spec, terms, records = world.spec, world.terms, world.records
    decisions = decide(spec, terms, records)
    actions = set(decisions.actions[named.ACTION])
    if Direction.TO_SALESFORCE not in terms.directions:
        assert not decisions.to_salesforce.to_numpy().any()
        assert not {one for one in actions if "Salesforce" in one}
    if Direction.TO_GENTRACK not in terms.directions:
        assert not decisions.to_gentrack.to_numpy().any()
        assert not {one for one in actions if "Gentrack" in one}


@LAW
@given(worlds(anything=True), st.lists(st.integers(0, 2**32), min_size=2, max_size=4))
def test_what_was_deleted_is_never_revived_and_silence_deletes_nothing(
    world: World, seeds: list[int]
) -> None:
    """Whatever is edited on the side that still has it, and however often it is heard of."""
    spec, terms, records = world.spec, world.terms, world.records
    for spared, (column, gone) in enumerate(
        [(named.IN_GENTRACK, GONE_IN_GENTRACK), (named.IN_SALESFORCE, GONE_IN_SALESFORCE)]
    ):
        rows = (records.index % 3 != spared) & (records[column] != Presence.NO_ANSWER)
        for name, value in gone.items():
            records[name] = records[name].mask(rows, value)
    records[named.STANDING] = records[named.STANDING].where(
        records[named.STANDING] != Standing.NEW.value, Standing.LINKED.value
    )
    for seed in seeds:
        dice = Dice(seed)
        decisions = decide(spec, terms, records)
        actions = decisions.actions[named.ACTION]
        made = actions.isin([Action.CREATE_IN_GENTRACK, Action.CREATE_IN_SALESFORCE])
        assert not made.any()
        silent = (records[[named.IN_GENTRACK, named.IN_SALESFORCE]] == Presence.NO_ANSWER).any(axis="columns")
        assert (actions[silent] == Action.NOTHING).all()
        records = applied(decisions)
        for line in lines_of(spec):
            if isinstance(line.of, Field):
                records[named.salesforce(line.name)] = dice.values(line)
                records[named.gentrack(line.of.sources[0])] = dice.values(line)


@settings(LAW, max_examples=2)
@given(st.sampled_from(SPECS), st.integers(0, 2**32))
def test_the_order_in_which_changes_are_heard_of_makes_no_difference(spec: EntitySpec, seed: int) -> None:
    """Edits on both sides; heard of at once, some of them late and twice, or not before the last notice."""
    dice = Dice(seed)
    begun = batch_of(spec, [linked(spec)] * ROWS)
    for _ in range(2):
        begun = applied(decide(spec, Terms(), begun))
    mastered = [
        line for line in lines_of(spec) if isinstance(line.of, Field) and line.master is not Master.SHARED
    ]
    edited = [dice.one(mastered) for _ in range(6)]
    edits = [
        (dice.one([named.salesforce(line.name), *map(named.gentrack, line.of.sources)]), dice.values(line))
        for line in edited
        if isinstance(line.of, Field)
    ]
    ends = []
    for heard in ([True] * 6, [False] * 6, [dice.one([True, False]) for _ in range(6)]):
        records = begun.copy()
        for (name, values), now in zip(edits, heard, strict=True):
            records[name] = values
            if now:
                records = applied(decide(spec, Terms(), applied(decide(spec, Terms(), records))))
        records = applied(decide(spec, Terms(), records))
        sides = sides_of(spec, lines_of(spec), records)
        follow = [
            place
            for place, line in enumerate(sides.lines)
            if line.master is Master.GENTRACK or (line.master is Master.SALESFORCE and line.way_back)
        ]
        follow = [place for place in follow if sides.lines[place].null_policy is NullPolicy.CLEAR]
        assert sides.equal[:, follow].all()
        ends.append(sides.gentrack[:, follow])
    assert (ends[0] == ends[1]).all()
    assert (ends[0] == ends[2]).all()


@pytest.mark.parametrize(("changed", "policy"), list(product([True, False], DriftPolicy)))
def test_no_ping_pong_where_both_systems_keep_values_in_their_own_way(
    changed: bool, policy: DriftPolicy
) -> None:
    """Both echo every write; each echo is decided, and none of them causes another write."""
    spec = next(one for one in registry() if one.name == "contact")
    records = batch_of(spec, [linked(spec)])
    terms = Terms(drift=policy)
    records = applied(decide(spec, terms, records))
    records[named.salesforce("Email")] = pd.Series([" A.Ngata@Example.CO "], dtype=records["s.Email"].dtype)
    if changed:
        records[named.salesforce("Phone")] = pd.Series(["(04) 555-0199"], dtype=records["s.Phone"].dtype)
    first = decide(spec, terms, records)
    assert first.to_gentrack["primaryContact.email"].all()
    records = applied(first)
    for _ in range(5):
        echoed = decide(spec, terms, records)
        assert not writes(echoed)
        records = applied(echoed)
    if changed:
        assert records[named.gentrack("primaryContact.phoneNumber1")].iloc[0] == "(04) 555-0199"
