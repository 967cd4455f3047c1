"""The rules for fields: which case each field of each record is, over whole batches at once.

The state of both sides and what was last agreed decide, nothing else: not who wrote, nor when it was heard
of. A value that equals what was agreed is no change (an echo), and equal values are never written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from connector.mapping.agreement.field_cases import FieldCase
from connector.mapping.agreement.lines import Line
from connector.mapping.agreement.sides import Sides, Truth
from connector.mapping.agreement.terms import ConflictPolicy, Direction, DriftPolicy, Terms
from connector.mapping.vocabulary import Master, NullPolicy


@dataclass(frozen=True)
class FieldCases:
    """The code of each line's case, one row a record, and whether Salesforce is the side that is written."""

    codes: npt.NDArray[np.int8]
    towards_salesforce: Truth


def field_cases(
    sides: Sides, terms: Terms, contested: npt.NDArray[np.int64], parent_there: Truth, elsewhere: Truth
) -> FieldCases:
    """Linked records -> the case of each line.

    `contested` is how many times in a row each record was contested; `parent_there` is false for a lookup
    whose new parent is not in Salesforce; `elsewhere` is true where Gentrack has its value from
    another record in Salesforce, which stands for the same place there.
    """
    lines = sides.lines
    unit = _Units(lines, sides.equal)
    never = ~unit.all(sides.known)
    ours_agreed, theirs_agreed = unit.all(sides.gentrack_as_agreed), unit.all(sides.salesforce_as_agreed)
    ours_blank, theirs_blank = unit.all(sides.gentrack_blank), unit.all(sides.salesforce_blank)
    shared, by_gentrack = (_where(lines, master.__eq__) for master in (Master.SHARED, Master.GENTRACK))

    fills_salesforce, fills_gentrack = never & theirs_blank & ~by_gentrack, never & ours_blank & shared
    fills = fills_salesforce | fills_gentrack
    one_changed = ours_agreed ^ theirs_agreed
    conflict = shared & ~one_changed & ~fills
    preferred = terms.conflict is ConflictPolicy.GENTRACK
    moved = ~shared & ~by_gentrack & unit.any(sides.moved)
    given = ~moved & ~shared & ~by_gentrack & theirs_agreed & ~ours_agreed & unit.all(elsewhere)
    towards = fills_salesforce | np.where(
        shared, (one_changed & theirs_agreed) | (conflict & preferred), by_gentrack | given | moved
    )
    source_blank = np.where(towards, ours_blank, theirs_blank)
    source_agreed = np.where(towards, ours_agreed, theirs_agreed)
    target_agreed = np.where(towards, theirs_agreed, ours_agreed)
    fixed = np.array([line.name in terms.fixed for line in lines], dtype=np.bool_)
    back = np.array([line.way_back for line in lines], dtype=np.bool_)
    leaves = np.array([line.null_policy is NullPolicy.LEAVE for line in lines], dtype=np.bool_)
    parents = np.array([line.is_parent for line in lines], dtype=np.bool_)
    asked = np.where(
        towards, Direction.TO_SALESFORCE in terms.directions, Direction.TO_GENTRACK in terms.directions
    )
    drift = ~shared & source_agreed
    weary = (contested >= terms.contests)[:, None]
    rules: list[tuple[Truth, FieldCase]] = [
        (sides.equal, FieldCase.EQUAL),
        (conflict & (terms.conflict is ConflictPolicy.REVIEW), FieldCase.CONFLICT),
        (parents & never & ~theirs_blank, FieldCase.PARENT_NEVER_AGREED),
        (leaves & source_blank & ~fills, FieldCase.EMPTY_LEAVES),
        (~asked & (shared | fills), FieldCase.OTHER_DIRECTION),
        (~asked, FieldCase.OTHER_MASTER),
        (towards & ~parent_there, FieldCase.PARENT_AWAITED),
        (towards & unit.any(fixed), FieldCase.CREATION_ONLY),
        (~towards & unit.any(~back), FieldCase.NO_WAY_BACK),
        (fills, FieldCase.FILLED),
        (moved, FieldCase.OF_ANOTHER_RECORD),
        (given, FieldCase.GIVEN_ELSEWHERE),
        (drift & (terms.drift is DriftPolicy.REPORT), FieldCase.DRIFT_REPORTED),
        (drift & weary, FieldCase.DRIFT_RETURNS),
        (drift, FieldCase.DRIFT_RESTORED),
        (shared & weary, FieldCase.CONFLICT_RETURNS),
        (conflict, FieldCase.CONFLICT_SETTLED),
        (shared, FieldCase.SHARED_CHANGED),
        (never, FieldCase.NEVER_AGREED),
        (target_agreed, FieldCase.MASTER_CHANGED),
    ]
    shape = sides.equal.shape
    codes = np.select(
        [np.broadcast_to(rows, shape) for rows, _ in rules],
        [np.int8(case.code) for _, case in rules],
        default=np.int8(FieldCase.BOTH_CHANGED.code),
    )
    return FieldCases(codes.astype(np.int8), np.broadcast_to(towards, shape))


def _where(lines: Sequence[Line], test: Callable[[Master], bool]) -> Truth:
    return np.array([test(line.master) for line in lines], dtype=np.bool_)


class _Units:
    """Truth about a unit from truth about its lines; lines that are equal on both sides don't count."""

    def __init__(self, lines: Sequence[Line], equal: Truth) -> None:
        units = [line.unit for line in lines]
        self._equal = equal
        self._groups = [
            np.array([place for place, name in enumerate(units) if name == one]) for one in set(units)
        ]

    def all(self, of_lines: Truth) -> Truth:
        """Whether it holds for all lines of the unit that differ; for each line its unit's answer."""
        return self._of_units(of_lines | self._equal, np.all)

    def any(self, of_lines: Truth) -> Truth:
        """Whether it holds for any line of the unit that differs."""
        return self._of_units(of_lines & ~self._equal, np.any)

    def _of_units(self, of_lines: Truth, join: Callable[..., Truth]) -> Truth:
        answers = np.empty(self._equal.shape, dtype=np.bool_)
        for group in self._groups:
            answers[:, group] = join(of_lines[:, group], axis=1, keepdims=True)
        return answers
