"""The whole data set as tables whose rows are made where they are read, and the ways between them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np

from sandbox.seed import accounts, customers, keys, relations
from sandbox.seed.block import Block
from sandbox.seed.plan import BLOCK, Sizes, sizes_of

Record = dict[str, Any]

_BLOCKS_KEPT = 4


@dataclass(frozen=True)
class Table:
    """One entity: `size` rows in all, `block_size` in every block but the last, ids by `ids`."""

    name: str
    size: int
    block_size: int
    ids: keys.Ids
    render: Callable[[int], list[Record]]
    """The rows of a block, given by its number, by ascending id; made anew at every call."""

    @property
    def blocks(self) -> int:
        """How many blocks the table has."""
        return -(-self.size // self.block_size)

    def index_of(self, identifier: int) -> int | None:
        """The position of the row with this id, or None if there is none."""
        index = self.ids.index(identifier)
        return index if index is not None and index < self.size else None

    def __iter__(self) -> Iterator[Record]:
        return chain.from_iterable(self.render(number) for number in range(self.blocks))


class Dataset:
    """What a retailer with so many customers has in its billing system.

    Equal arguments give equal data on every machine. Raises ValueError for less than one customer.
    """

    def __init__(self, customer_count: int, seed: int = 1) -> None:
        if customer_count < 1:
            raise ValueError("a data set has at least one customer")
        self.seed = seed
        self.blocks = -(-customer_count // BLOCK)
        self._last_block = customer_count - (self.blocks - 1) * BLOCK
        self._full = sizes_of(BLOCK)
        self.block = lru_cache(_BLOCKS_KEPT)(self._make_block)
        full_blocks, last = self.blocks - 1, sizes_of(self._last_block)
        self.sizes = Sizes(*(full_blocks * full + rest for full, rest in zip(self._full, last, strict=True)))
        self.accounts = Table(
            "accounts",
            self.sizes.accounts,
            self._full.accounts,
            keys.ACCOUNT_IDS,
            self._rows(accounts.records),
        )
        self.customers = Table(
            "customers",
            self.sizes.customers,
            self._full.customers,
            keys.CUSTOMER_IDS,
            self._rows(customers.records),
        )
        self.account_customers = Table(
            "accountCustomers",
            self.sizes.relations,
            self._full.relations,
            keys.RELATION_IDS,
            self._rows(relations.records),
        )

    @property
    def tables(self) -> tuple[Table, ...]:
        """All entities."""
        return (self.accounts, self.customers, self.account_customers)

    def accounts_of_number(self, number: str) -> list[int]:
        """Positions of the accounts with this number (none or one)."""
        return self._of_padded(self.accounts, number)

    def customers_of_number(self, number: str) -> list[int]:
        """Positions of the customers with this number, by ascending id: an awkward pair shares one."""
        block_number = keys.block_of_legacy(number)
        if block_number is None or block_number >= self.blocks:
            candidates = self._of_padded(self.customers, number)
        else:
            numbers = self.block(block_number).numbers
            first = block_number * self._full.customers
            candidates = [first + position for position, own in enumerate(numbers) if own == number]
        return [index for index in candidates if self._customer_number(index) == number]

    def relations_of_account(self, account: int) -> list[int]:
        """Positions of the account customers of the account at a position."""
        number, local = divmod(account, self._full.accounts)
        found = np.flatnonzero(self.block(number).plan.relation_account == local)
        return [number * self._full.relations + position for position in found.tolist()]

    def accounts_of_customer(self, customer: int) -> list[int]:
        """Positions of the accounts on which the customer at a position stands in any role."""
        number, local = divmod(customer, self._full.customers)
        plan = self.block(number).plan
        found = np.unique(plan.relation_account[plan.relation_customer == local])
        return [number * self._full.accounts + position for position in found.tolist()]

    def _make_block(self, number: int) -> Block:
        return Block.make(self.seed, number, BLOCK if number < self.blocks - 1 else self._last_block)

    def _rows(self, render: Callable[[Block], list[Record]]) -> Callable[[int], list[Record]]:
        return lambda number: render(self.block(number))

    def _customer_number(self, index: int) -> str:
        number, local = divmod(index, self._full.customers)
        return self.block(number).numbers[local]

    @staticmethod
    def _of_padded(table: Table, number: str) -> list[int]:
        if not (number.isascii() and number.isdigit()):
            return []
        index = table.index_of(int(number))
        return [] if index is None or keys.padded(int(number)) != number else [index]
