"""Ids and numbers of the records, and the way back from them to a record's position.

Customers have even ids, accounts odd ones, so that a number of one entity never passes for the other's.
Numbers are the id padded to eight digits, as in Junifer; pairs of customers with an awkward key carry
numbers that came over from an older system.
"""

import re
from dataclasses import dataclass

from sandbox.seed.awkward import Awkward

FIRST_ID = 101

_LEGACY = re.compile(r"LEG-(\d{6})([ab]?)", re.IGNORECASE)
_LEGACY_PAIRS_A_BLOCK = 10


@dataclass(frozen=True)
class Ids:
    """An arithmetic sequence of ids: `start`, `start + step`, ..."""

    start: int
    step: int

    def at(self, index: int) -> int:
        """The id of the row at `index` (0-based)."""
        return self.start + self.step * index

    def index(self, identifier: int) -> int | None:
        """The position that has the id, or None; the caller checks that the data set reaches so far."""
        index, remainder = divmod(identifier - self.start, self.step)
        return index if remainder == 0 and index >= 0 else None

    def index_after(self, identifier: int) -> int:
        """The first position whose id is greater than `identifier`."""
        return max(0, (identifier - self.start) // self.step + 1)


ACCOUNT_IDS = Ids(FIRST_ID, 2)
CUSTOMER_IDS = Ids(FIRST_ID + 1, 2)
RELATION_IDS = Ids(FIRST_ID, 1)
PRODUCT_IDS = Ids(1, 1)
PLAN_IDS = Ids(1, 1)
METER_POINT_IDS = Ids(FIRST_ID, 1)
AGREEMENT_IDS = Ids(FIRST_ID, 1)
ORDER_IDS = Ids(FIRST_ID, 1)
ORDER_LINE_IDS = Ids(FIRST_ID, 1)
UNKNOWN_CUSTOMER_IDS = Ids(900_000_000, 2)


def padded(identifier: int) -> str:
    """A number as Junifer writes it: ``00000101``."""
    return f"{identifier:08d}"


def account_number(index: int) -> str:
    """The number of the account at `index` in the data set."""
    return padded(ACCOUNT_IDS.at(index))


def customer_number(index: int) -> str:
    """The usual number of the customer at `index` in the data set."""
    return padded(CUSTOMER_IDS.at(index))


def agreement_number(index: int) -> str:
    """The number of the agreement at `index`: ``A-00000101``."""
    return f"A-{padded(AGREEMENT_IDS.at(index))}"


def order_number(index: int) -> str:
    """The number of the order at `index`: ``O-00000101``."""
    return f"O-{padded(ORDER_IDS.at(index))}"


def legacy_number(kind: Awkward, block: int, position: int) -> str:
    """The number of an awkward pair's member; `position` counts members, two a pair."""
    pair = block * _LEGACY_PAIRS_A_BLOCK + position // 2
    if kind is Awkward.SAME_NUMBER:
        return f"LEG-{pair:06d}"
    return f"LEG-{pair:06d}{'aA'[position % 2]}"


def block_of_legacy(number: str) -> int | None:
    """The block that can hold a customer of this number, or None if it isn't one of an older system."""
    match = _LEGACY.fullmatch(number)
    return int(match[1]) // _LEGACY_PAIRS_A_BLOCK if match else None
