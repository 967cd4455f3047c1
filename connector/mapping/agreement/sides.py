"""Both sides of a batch of records, and what was last agreed: hashes, a row a record, a column a line."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.hashes import UNKNOWN, Hashes, hashed, of_holders, unpacked
from connector.mapping.agreement.lines import (
    Holder,
    Line,
    gentrack_values,
    holders_of,
    meaning,
    salesforce_values,
)
from connector.mapping.vocabulary import EntitySpec

Truth: TypeAlias = npt.NDArray[np.bool_]


def _none() -> Hashes:
    return np.empty((0, 0), dtype=np.uint64)


@dataclass(frozen=True)
class Sides:
    """`of_gentrack` and `of_salesforce` are the values in Salesforce's form; the rest are arrays of them."""

    lines: tuple[Line, ...]
    of_gentrack: pd.DataFrame
    of_salesforce: pd.DataFrame
    gentrack: Hashes
    salesforce: Hashes
    agreed: Hashes
    gentrack_blank: Truth
    salesforce_blank: Truth
    holders: tuple[Holder, ...] = ()
    held: Hashes = field(default_factory=_none)
    held_agreed: Hashes = field(default_factory=_none)

    @property
    def moved(self) -> Truth:
        """Where Gentrack's value is another record's than the one that was agreed on."""
        moved = np.zeros(self.equal.shape, dtype=np.bool_)
        for place, holder in enumerate(self.holders):
            now, before = self.held[:, place], self.held_agreed[:, place]
            another = np.not_equal(before, UNKNOWN) & np.not_equal(now, UNKNOWN) & np.not_equal(now, before)
            moved[:, [line.name in holder.lines for line in self.lines]] = another[:, None]
        return moved

    def held_after(self, differing: Truth) -> Hashes:
        """Whose values are agreed on; where some of them are still `differing`, as before."""
        after = np.where(np.equal(self.held, UNKNOWN), self.held_agreed, self.held)
        behind = differing & self.moved
        for place, holder in enumerate(self.holders):
            own = [line.name in holder.lines for line in self.lines]
            after[:, place] = np.where(
                behind[:, own].any(axis=1), self.held_agreed[:, place], after[:, place]
            )
        return after

    @property
    def equal(self) -> Truth:
        """Where both sides have the same value."""
        return np.equal(self.gentrack, self.salesforce)

    @property
    def known(self) -> Truth:
        """Where it is known what was agreed."""
        return np.not_equal(self.agreed, UNKNOWN)

    @property
    def gentrack_as_agreed(self) -> Truth:
        """Where Gentrack has what was agreed: nothing changed there, whatever was heard from it."""
        return self.known & np.equal(self.gentrack, self.agreed)

    @property
    def salesforce_as_agreed(self) -> Truth:
        """Where Salesforce has what was agreed."""
        return self.known & np.equal(self.salesforce, self.agreed)


def sides_of(spec: EntitySpec, lines: tuple[Line, ...], records: pd.DataFrame) -> Sides:
    """Records as they stand on both sides, with their agreement -> what the rules ask of their values."""
    ours, theirs = gentrack_values(spec, records), salesforce_values(spec, records)
    gentrack, gentrack_blank = _compared(lines, ours)
    salesforce, salesforce_blank = _compared(lines, theirs)
    holders = holders_of(spec)
    return Sides(
        lines=lines,
        of_gentrack=ours,
        of_salesforce=theirs,
        gentrack=gentrack,
        salesforce=salesforce,
        agreed=unpacked(lines, records[named.FIELDS], records[named.AGREED]),
        gentrack_blank=gentrack_blank,
        salesforce_blank=salesforce_blank,
        holders=holders,
        held=of_holders(holders, records),
        held_agreed=unpacked(holders, records[named.FIELDS], records[named.AGREED]),
    )


def _compared(lines: Sequence[Line], values: pd.DataFrame) -> tuple[Hashes, Truth]:
    hashes = np.empty((len(values), len(lines)), dtype=np.uint64)
    blank = np.empty((len(values), len(lines)), dtype=np.bool_)
    for place, line in enumerate(lines):
        meant = meaning(line, values[line.name])
        hashes[:, place] = hashed(meant)
        blank[:, place] = meant.isna().to_numpy()
    return hashes, blank
