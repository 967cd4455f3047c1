"""What a block's accounts are supplied with: how many meter points, agreements, orders and order lines."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sandbox.seed.plan import Plan
from sandbox.seed.randomness import IntArray, stream


class SupplySizes(NamedTuple):
    """Rows of each entity in a block, or before it."""

    meter_points: int
    agreements: int
    orders: int
    order_lines: int


def supply_sizes(accounts: int) -> SupplySizes:
    """Rows that hang on so many accounts: 1.25 meter points, one agreement, 0.3 orders of 1.33 lines."""
    orders = accounts * 3 // 10
    return SupplySizes(accounts + accounts // 4, accounts, orders, orders + orders // 3)


@dataclass(frozen=True)
class SupplyPlan:
    """Which account has what; all positions are local to the block.

    Each account has one agreement and its first meter point; `second_supply` tells which rows of
    `meter_account` are an account's second one.
    """

    meter_account: IntArray
    second_supply: list[bool]
    order_account: IntArray
    line_order: IntArray
    line_number: list[int]

    @cached_property
    def first_meter(self) -> IntArray:
        """The position of each account's first meter point."""
        return np.searchsorted(self.meter_account, np.arange(int(self.meter_account[-1]) + 1))


def plan_supply(plan: Plan) -> SupplyPlan:
    """Draw which accounts have a second meter point, which have an order, and which orders two lines."""
    rng = stream(plan.seed, plan.block, "supply")
    accounts = plan.sizes.accounts
    sizes = supply_sizes(accounts)
    second = rng.permutation(accounts)[: sizes.meter_points - accounts]
    meter_account = np.sort(np.concatenate([np.arange(accounts), second]))
    two_lines = rng.permutation(sizes.orders)[: sizes.order_lines - sizes.orders]
    line_order = np.sort(np.concatenate([np.arange(sizes.orders), two_lines]))
    return SupplyPlan(
        meter_account=meter_account,
        second_supply=np.concatenate([[False], meter_account[1:] == meter_account[:-1]]).tolist(),
        order_account=np.sort(rng.permutation(accounts)[: sizes.orders]),
        line_order=line_order,
        line_number=[2 if again else 1 for again in [False, *(line_order[1:] == line_order[:-1]).tolist()]][
            : len(line_order)
        ],
    )
