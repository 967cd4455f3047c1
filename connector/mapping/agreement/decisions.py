"""Decisions about a batch: what is written to each side, why, and what is agreed once that is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.field_cases import CASES, CONTESTED, RETURNS, FieldCase, FieldVerdict
from connector.mapping.agreement.field_rules import FieldCases
from connector.mapping.agreement.hashes import packed
from connector.mapping.agreement.lines import Line, agreed_of, fingerprint
from connector.mapping.agreement.record_cases import (
    ENDING,
    FIELDS_TOO,
    RECORD_CASES,
    Action,
    RecordCase,
    Standing,
)
from connector.mapping.agreement.record_rules import Codes
from connector.mapping.agreement.sides import Sides, Truth
from connector.mapping.agreement.terms import Direction, Terms
from connector.mapping.converters import TEXT, Column
from connector.mapping.vocabulary import EntitySpec, Field
from connector.model.outcome import RowOutcome

_HELD = (FieldVerdict.CONFLICT, FieldVerdict.HELD)


@dataclass(frozen=True)
class Decisions:
    """All frames have the index of the records. Missing values clear where they are to be written."""

    spec: EntitySpec
    terms: Terms
    records: pd.DataFrame
    sides: Sides
    record_codes: Codes
    fields: FieldCases

    @cached_property
    def actions(self) -> pd.DataFrame:
        """What is done with each record: action, code, outcome (missing: out of scope), relinked, why."""
        index = self.records.index
        actions = pd.DataFrame(
            {
                named.ACTION: _texts([case.action for case in RECORD_CASES], self.record_codes, index),
                named.CODE: _texts([case.name for case in RECORD_CASES], self.record_codes, index),
                named.OUTCOME: _texts([case.outcome for case in RECORD_CASES], self.record_codes, index),
                named.WHY: _texts([case.why for case in RECORD_CASES], self.record_codes, index),
            }
        )
        written = self.to_salesforce.any(axis="columns") | self.to_gentrack.any(axis="columns")
        asked = actions[named.ACTION].isin(list(FIELDS_TOO))
        held = self._any(*(case for case in FieldCase if case.verdict in _HELD))
        actions.loc[asked & written, named.OUTCOME] = RowOutcome.UPDATED.value
        actions.loc[asked & held, named.OUTCOME] = RowOutcome.HELD.value
        passed = actions[named.CODE] == RecordCase.KEY_PASSED_ON.name
        merged = actions[named.CODE] == RecordCase.MERGED.name
        relinked = self.records[named.CARRIER_ID].where(passed)
        actions[named.RELINKED] = relinked.mask(merged, self.records[named.MERGED_INTO]).astype(TEXT)
        return actions

    @cached_property
    def to_salesforce(self) -> pd.DataFrame:
        """Which fields and lookups of Salesforce are written: a boolean column for each API name."""
        return self._by_line(self._writes & self.fields.towards_salesforce)

    @cached_property
    def to_gentrack(self) -> pd.DataFrame:
        """Which values of Gentrack are written: a boolean column for each source that has a way back."""
        rows = self._writes & ~self.fields.towards_salesforce
        return pd.DataFrame(
            {source: rows[:, place] for place, line in self._ways_back for source in _sources(line)},
            index=self.records.index,
            dtype=bool,
        )

    @property
    def salesforce_values(self) -> pd.DataFrame:
        """What Salesforce gets where it is written: for a lookup, the parent's external id."""
        return self.sides.of_gentrack

    @cached_property
    def gentrack_values(self) -> pd.DataFrame:
        """What Gentrack gets where it is written, in its own form."""
        values: dict[str, Column] = {}
        for _, line in self._ways_back:
            theirs = self.sides.of_salesforce[line.name]
            values |= dict(zip(_sources(line), _back(line, theirs), strict=True))
        return pd.DataFrame(values, index=self.records.index)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """The fields that differ, one row each: field, verdict, writes, gentrack, salesforce, why.

        The index is the record's. `writes` is the direction of what is written, missing where nothing is;
        `gentrack` and `salesforce` are the values found, both in Salesforce's form.
        """
        rows, places = np.nonzero(self.fields.codes != FieldCase.EQUAL.code)
        codes, index = self.fields.codes[rows, places], self.records.index[rows]
        towards = np.where(self.fields.towards_salesforce[rows, places], 0, 1)
        writes = _texts(list(Direction), towards, index)
        return pd.DataFrame(
            {
                named.FIELD: _texts([line.name for line in self.sides.lines], places, index),
                "verdict": _texts([case.verdict for case in CASES], codes, index),
                "writes": writes.where(self._writes[rows, places]),
                "gentrack": _picked(self.sides.of_gentrack, rows, places, index),
                "salesforce": _picked(self.sides.of_salesforce, rows, places, index),
                named.WHY: _texts([case.why for case in CASES], codes, index),
            }
        )

    def settled(
        self, *, salesforce_done: Column | None = None, gentrack_done: Column | None = None
    ) -> pd.DataFrame:
        """How each pair stands in the ledger afterwards: standing, fields, agreed, contested.

        The columns say whether what was to be done on that side came through; without them, all of it did.
        Only what is equal, or was written, is agreed; a pair that is *new* afterwards has no row there.
        """
        every = np.ones(len(self.records), dtype=np.bool_)
        in_salesforce = every if salesforce_done is None else salesforce_done.to_numpy(dtype=np.bool_)
        in_gentrack = every if gentrack_done is None else gentrack_done.to_numpy(dtype=np.bool_)
        towards = self.fields.towards_salesforce
        done = np.where(towards, in_salesforce[:, None], in_gentrack[:, None])
        agreed = np.where(self.fields.codes == FieldCase.EQUAL.code, self.sides.gentrack, self.sides.agreed)
        source = np.where(towards, self.sides.gentrack, self.sides.salesforce)
        agreed = np.where(self._writes & done, source, agreed)
        differing = (self.fields.codes != FieldCase.EQUAL.code) & ~(self._writes & done)
        agreed = np.hstack([agreed, self.sides.held_after(differing)])
        index = self.records.index
        return pd.DataFrame(
            {
                named.STANDING: self._standing(in_salesforce, in_gentrack),
                named.FIELDS: pd.Series(fingerprint(agreed_of(self.spec)), index=index, dtype=TEXT),
                named.AGREED: packed(agreed, index),
                named.CONTESTED: self._contested(done),
            },
            index=index,
        )

    def _standing(self, in_salesforce: Truth, in_gentrack: Truth) -> Column:
        needs = [case.direction for case in RECORD_CASES]
        done = np.select(
            [
                self._of(*(c for c, way in zip(RECORD_CASES, needs, strict=True) if way is direction))
                for direction in Direction
            ],
            [in_salesforce, in_gentrack],
            default=True,
        )
        begins = self._of(
            *(case for case in RECORD_CASES if case.action in (*FIELDS_TOO, *_BEGINS)),
        )
        before = self.records[named.STANDING].astype(TEXT)
        return (
            before.mask(begins & done, Standing.LINKED.value)
            .mask(self._of(*ENDING) & done, Standing.ENDED.value)
            .mask(self._of(RecordCase.GONE_ON_BOTH), Standing.NEW.value)
        )

    def _contested(self, done: Truth) -> npt.NDArray[np.int64]:
        before = self.records[named.CONTESTED].to_numpy(dtype=np.int64)
        again = self._are(*CONTESTED)
        goes_on = (again | self._are(*RETURNS)).any(axis=1)
        return np.where(goes_on, before + (again & done).any(axis=1), 0)

    @cached_property
    def _writes(self) -> Truth:
        return self._are(*(case for case in CASES if case.writes))

    @property
    def _ways_back(self) -> list[tuple[int, Line]]:
        return [(place, line) for place, line in enumerate(self.sides.lines) if line.way_back]

    def _are(self, *cases: FieldCase) -> Truth:
        """Fields that are one of these cases."""
        return np.isin(self.fields.codes, [case.code for case in cases])

    def _any(self, *cases: FieldCase) -> Truth:
        """Records of which any field is one of these cases."""
        return np.asarray(self._are(*cases).any(axis=1))

    def _of(self, *cases: RecordCase) -> Truth:
        """Records that are one of these cases."""
        return np.isin(self.record_codes, [case.code for case in cases])

    def _by_line(self, rows: Truth) -> pd.DataFrame:
        names = [line.name for line in self.sides.lines]
        return pd.DataFrame(rows, columns=names, index=self.records.index)


_BEGINS = (Action.CREATE_IN_SALESFORCE, Action.CREATE_IN_GENTRACK, Action.REPLACE, Action.RELINK)


def _sources(line: Line) -> tuple[str, ...]:
    """The source columns that a line comes from."""
    return line.of.sources if isinstance(line.of, Field) else (line.of.key,)


def _back(line: Line, values: Column) -> tuple[Column, ...]:
    """A line's values in Salesforce's form -> its sources in Gentrack's."""
    if isinstance(line.of, Field) and line.of.converter.to_gentrack is not None:
        return line.of.converter.to_gentrack(values)
    return (values,)


def _texts(names: Sequence[str | None], codes: npt.NDArray[Any], index: pd.Index) -> Column:
    texts = np.array([None if name is None else str(name) for name in names], dtype=object)
    return pd.Series(texts[codes], index=index, dtype=TEXT)


def _picked(
    values: pd.DataFrame, rows: npt.NDArray[Any], places: npt.NDArray[Any], index: pd.Index
) -> Column:
    """One value of each named row and column."""
    return pd.Series(values.to_numpy(dtype=object)[rows, places], index=index, dtype=TEXT)
