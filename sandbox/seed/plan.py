"""Who is who in a block of customers: which accounts they have, who else is on them, what is awkward.

The number of rows of every entity is a fixed function of the block's size, so that the position of any row
in the whole data set is arithmetic; only *which* customer plays which part is drawn.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sandbox.seed.awkward import Awkward, cases
from sandbox.seed.randomness import BoolArray, IntArray, stream

BLOCK = 2_000
UNKNOWN = -1
MAIN, JOINT, AUTHORISED, BILLING = range(4)
ROLES = ("Main", "Joint", "Authorised", "Billing")

_BUSINESS_SHARE = 0.15
_SECONDARY_ONLY_PER_MILLE = 80
_TWO_ACCOUNTS_PER_MILLE = 40
_ALSO_ELSEWHERE_PER_MILLE = 30


class Sizes(NamedTuple):
    """Rows of each entity in a block."""

    customers: int
    accounts: int
    relations: int


@dataclass(frozen=True)
class Plan:
    """The parts played in one block; all positions are local to it.

    `owner` gives the primary customer of each account; `relation_customer` is `UNKNOWN` where the row names
    a customer that exists nowhere; `awkward` maps each kind to the positions (of its entity) that have it,
    pairs side by side.
    """

    seed: int
    block: int
    sizes: Sizes
    business: BoolArray
    owner: IntArray
    relation_account: IntArray
    relation_customer: IntArray
    relation_role: IntArray
    awkward: dict[Awkward, list[int]]

    @cached_property
    def first(self) -> Sizes:
        """Rows of each entity in the blocks before this one (all of them full)."""
        full = sizes_of(BLOCK)
        return Sizes(*(self.block * size for size in full))


def sizes_of(customers: int) -> Sizes:
    """Rows of each entity in a block of so many customers."""
    secondary, two, also = _parts(customers)
    accounts = customers - secondary + two
    unknown = cases(customers)[Awkward.UNKNOWN_CUSTOMER]
    return Sizes(customers, accounts, accounts + secondary + also + unknown)


def plan_block(seed: int, block: int, customers: int) -> Plan:
    """Draw the parts of block number `block`, which holds `customers` customers."""
    rng = stream(seed, block, "plan")
    sizes = sizes_of(customers)
    secondary, two, also = _parts(customers)
    order = rng.permutation(customers)
    only_secondary, with_two = order[:secondary], order[secondary : secondary + two]
    elsewhere, others = np.split(order[secondary + two :], [also])

    business = rng.random(customers) < _BUSINESS_SHARE * customers / (customers - secondary)
    business[only_secondary] = False
    owner = np.sort(np.concatenate([order[secondary:], with_two]))

    account_of = np.searchsorted(owner, elsewhere)
    relation_account = np.concatenate(
        [
            np.arange(sizes.accounts),
            rng.integers(0, sizes.accounts, secondary),
            (account_of + rng.integers(1, max(2, sizes.accounts), also)) % sizes.accounts,
            rng.integers(0, sizes.accounts, sizes.relations - sizes.accounts - secondary - also),
        ]
    )
    unknown = np.full(sizes.relations - sizes.accounts - secondary - also, UNKNOWN)
    relation_customer = np.concatenate([owner, only_secondary, elsewhere, unknown])
    relation_role = rng.integers(JOINT, len(ROLES), sizes.relations)
    relation_role[: sizes.accounts] = MAIN
    by_account = np.argsort(relation_account, kind="stable")
    plan = Plan(
        seed=seed,
        block=block,
        sizes=sizes,
        business=business,
        owner=owner,
        relation_account=relation_account[by_account],
        relation_customer=relation_customer[by_account],
        relation_role=relation_role[by_account],
        awkward={},
    )
    _choose_awkward(plan, rng, single_account=others)
    return plan


def _parts(customers: int) -> tuple[int, int, int]:
    """Customers that are only secondary, that have two accounts, that are also on another's account."""
    return (
        customers * _SECONDARY_ONLY_PER_MILLE // 1_000,
        customers * _TWO_ACCOUNTS_PER_MILLE // 1_000,
        customers * _ALSO_ELSEWHERE_PER_MILLE // 1_000,
    )


def _choose_awkward(plan: Plan, rng: np.random.Generator, *, single_account: IntArray) -> None:
    """Choose the rows of each kind, no row having two; number pairs among customers of one account alone.

    (A pair on one account would share the key of its relations too, by accident rather than by plan.)
    """
    planned = cases(plan.sizes.customers)
    pairs = rng.permutation(single_account)[
        : 2 * (planned[Awkward.SAME_NUMBER] + planned[Awkward.CASE_ONLY_NUMBER])
    ]
    split = 2 * planned[Awkward.SAME_NUMBER]
    customers = rng.permutation(np.setdiff1d(np.arange(plan.sizes.customers), pairs))
    accounts = rng.permutation(plan.sizes.accounts)
    of_business = plan.business[customers]
    account_of_business = plan.business[plan.owner[accounts]]
    pools = {
        Awkward.NO_SURNAME: customers[~of_business],
        Awkward.LONG_SURNAME: customers[~of_business][planned[Awkward.NO_SURNAME] :],
        Awkward.INVALID_EMAIL: customers[~of_business][
            planned[Awkward.NO_SURNAME] + planned[Awkward.LONG_SURNAME] :
        ],
        Awkward.NO_CONTACT_SURNAME: customers[of_business],
        Awkward.UNKNOWN_ACCOUNT_CLASS: accounts[~account_of_business],
        Awkward.LONG_TRADING_NAME: accounts[account_of_business],
        Awkward.LONG_COMPANY_NUMBER: accounts[account_of_business][planned[Awkward.LONG_TRADING_NAME] :],
        Awkward.SAME_NUMBER: pairs[:split],
        Awkward.CASE_ONLY_NUMBER: pairs[split:],
    }
    for kind, pool in pools.items():
        rows = planned[kind] * (2 if kind in {Awkward.SAME_NUMBER, Awkward.CASE_ONLY_NUMBER} else 1)
        plan.awkward[kind] = pool[:rows].tolist()
    plan.awkward[Awkward.UNKNOWN_CUSTOMER] = np.flatnonzero(plan.relation_customer == UNKNOWN).tolist()
