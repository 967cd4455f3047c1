"""The whole data set as tables whose rows are made where they are read, and the ways between them."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from sandbox.seed import (
    accounts,
    agreements,
    catalogue,
    customers,
    keys,
    meter_identifiers,
    meter_points,
    orders,
    relations,
)
from sandbox.seed.block import Block
from sandbox.seed.plan import BLOCK, Sizes, sizes_of
from sandbox.seed.randomness import IntArray
from sandbox.seed.supply import SupplySizes, supply_sizes
from sandbox.seed.table import Record, Table

_BLOCKS_KEPT = 4

_ACCOUNT_OF: dict[str, Callable[[Block], IntArray]] = {
    "accountCustomers": lambda block: block.plan.relation_account,
    "meterPoints": lambda block: block.supply.meter_account,
    "agreements": lambda block: np.arange(block.plan.sizes.accounts),
    "orders": lambda block: block.supply.order_account,
}
ACCOUNT_CHILDREN = tuple(_ACCOUNT_OF)
"""Tables whose rows belong to an account."""


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
        self.block = lru_cache(_BLOCKS_KEPT)(self._make_block)
        self._identifiers = lru_cache(_BLOCKS_KEPT)(self._make_identifiers)
        self._full = sizes_of(BLOCK)
        self.sizes = Sizes(*self._totals(self._full, sizes_of(self._last_block)))
        supplied = supply_sizes(self._full.accounts)
        last_supplied = supply_sizes(sizes_of(self._last_block).accounts)
        totals = SupplySizes(*self._totals(supplied, last_supplied))
        made = [
            ("products", catalogue.products(), keys.PRODUCT_IDS),
            ("pricePlans", catalogue.price_plans(), keys.PLAN_IDS),
        ]
        fixed = [Table(name, len(rows), len(rows), ids, _always(rows)) for name, rows, ids in made]
        drawn = [
            self._table(
                "accounts", self.sizes.accounts, self._full.accounts, keys.ACCOUNT_IDS, accounts.records
            ),
            self._table(
                "customers", self.sizes.customers, self._full.customers, keys.CUSTOMER_IDS, customers.records
            ),
            self._table(
                "accountCustomers",
                self.sizes.relations,
                self._full.relations,
                keys.RELATION_IDS,
                relations.records,
            ),
            self._table(
                "meterPoints",
                totals.meter_points,
                supplied.meter_points,
                keys.METER_POINT_IDS,
                meter_points.records,
            ),
            self._table(
                "agreements", totals.agreements, supplied.agreements, keys.AGREEMENT_IDS, agreements.records
            ),
            self._table("orders", totals.orders, supplied.orders, keys.ORDER_IDS, orders.records),
            self._table(
                "orderLines", totals.order_lines, supplied.order_lines, keys.ORDER_LINE_IDS, orders.lines
            ),
        ]
        self.by_name = {table.name: table for table in fixed + drawn}

    @property
    def tables(self) -> tuple[Table, ...]:
        """All entities, parents before children."""
        return tuple(self.by_name.values())

    @property
    def accounts(self) -> Table:
        """Billing accounts."""
        return self.by_name["accounts"]

    @property
    def customers(self) -> Table:
        """Customers, residential and business."""
        return self.by_name["customers"]

    @property
    def account_customers(self) -> Table:
        """Who stands on which account."""
        return self.by_name["accountCustomers"]

    def accounts_of_number(self, number: str) -> list[int]:
        """Positions of the accounts with this number (none or one)."""
        return self._of_padded(self.accounts, number)

    def customers_of_number(self, number: str) -> list[int]:
        """Positions of the customers with this number, whatever its letter case, by ascending id.

        An awkward pair shares one.
        """
        number = number.lower()
        block_number = keys.block_of_legacy(number)
        if block_number is None or block_number >= self.blocks:
            candidates = self._of_padded(self.customers, number)
        else:
            numbers = self.block(block_number).numbers
            first = block_number * self._full.customers
            candidates = [first + position for position, own in enumerate(numbers) if own.lower() == number]
        return [index for index in candidates if self._customer_number(index).lower() == number]

    def meter_points_of_identifier(self, identifier: str) -> list[int]:
        """Positions of the meter points with this market identifier (none or one)."""
        table = self.by_name["meterPoints"]
        index = meter_identifiers.serial_of(identifier)
        if index is None or index >= table.size:
            return []
        number, local = divmod(index, table.block_size)
        return [index] if self._identifiers(number)[local] == identifier else []

    def children_of_account(self, table: str, account: int) -> list[int]:
        """Positions of the rows of one of `ACCOUNT_CHILDREN` that belong to the account at a position."""
        number, local = divmod(account, self._full.accounts)
        found = np.flatnonzero(_ACCOUNT_OF[table](self.block(number)) == local)
        return [number * self.by_name[table].block_size + position for position in found.tolist()]

    def accounts_of_customer(self, customer: int) -> list[int]:
        """Positions of the accounts on which the customer at a position stands in any role."""
        number, local = divmod(customer, self._full.customers)
        plan = self.block(number).plan
        found = np.unique(plan.relation_account[plan.relation_customer == local])
        return [number * self._full.accounts + position for position in found.tolist()]

    def relations_of_customer(self, customer: int) -> list[int]:
        """Positions of the account customers of the customer at a position."""
        number, local = divmod(customer, self._full.customers)
        found = np.flatnonzero(self.block(number).plan.relation_customer == local)
        block_size = self.account_customers.block_size
        return [number * block_size + position for position in found.tolist()]

    def agreements_of_number(self, number: str) -> list[int]:
        """Positions of the agreements with this number (none or one)."""
        return self._of_prefixed("agreements", "A-", number)

    def orders_of_number(self, number: str) -> list[int]:
        """Positions of the orders with this number (none or one)."""
        return self._of_prefixed("orders", "O-", number)

    def lines_of_order(self, order: int) -> list[int]:
        """Positions of the lines of the order at a position."""
        number, local = divmod(order, self.by_name["orders"].block_size)
        found = np.flatnonzero(self.block(number).supply.line_order == local)
        return [number * self.by_name["orderLines"].block_size + position for position in found.tolist()]

    def _make_identifiers(self, number: int) -> list[str]:
        """The market identifiers of a block of meter points."""
        return [record["identifier"] for record in self.by_name["meterPoints"].render(number)]

    def _make_block(self, number: int) -> Block:
        return Block.make(self.seed, number, BLOCK if number < self.blocks - 1 else self._last_block)

    def _totals(self, full: tuple[int, ...], last: tuple[int, ...]) -> list[int]:
        return [(self.blocks - 1) * many + rest for many, rest in zip(full, last, strict=True)]

    def _table(
        self, name: str, size: int, block_size: int, ids: keys.Ids, render: Callable[[Block], list[Record]]
    ) -> Table:
        return Table(name, size, max(1, block_size), ids, lambda number: render(self.block(number)))

    def _customer_number(self, index: int) -> str:
        number, local = divmod(index, self._full.customers)
        return self.block(number).numbers[local]

    def _of_prefixed(self, name: str, prefix: str, number: str) -> list[int]:
        own, padded, rest = number.partition(prefix)
        return self._of_padded(self.by_name[name], rest) if padded and not own else []

    @staticmethod
    def _of_padded(table: Table, number: str) -> list[int]:
        if not (number.isascii() and number.isdigit()):
            return []
        index = table.index_of(int(number))
        return [] if index is None or keys.padded(int(number)) != number else [index]


def _always(rows: list[Record]) -> Callable[[int], list[Record]]:
    return lambda _number: rows
