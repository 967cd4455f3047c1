"""One block of the data set brought to life: the plan, its people and homes, and their numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sandbox.seed.addresses import Address, addresses
from sandbox.seed.awkward import INVALID_EMAILS, Awkward
from sandbox.seed.companies import LEGAL_FORMS, PROPER_NAMES, TRADES
from sandbox.seed.keys import customer_number, legacy_number
from sandbox.seed.people import People, people
from sandbox.seed.plan import BLOCK, JOINT, Plan, plan_block, sizes_of
from sandbox.seed.randomness import choices, stream
from sandbox.seed.supply import SupplyPlan, SupplySizes, plan_supply, supply_sizes


@dataclass(frozen=True)
class Block:
    """What the records of all entities are rendered from, each part made when it is first needed.

    Every list has one entry a customer.
    """

    plan: Plan

    @classmethod
    def make(cls, seed: int, number: int, customers: int) -> "Block":
        """Block `number` of a data set, which holds `customers` customers."""
        return cls(plan_block(seed, number, customers))

    @cached_property
    def numbers(self) -> list[str]:
        """Customer numbers; awkward pairs share one, or differ only in its case."""
        plan = self.plan
        first = plan.first.customers
        numbers = [customer_number(first + position) for position in range(plan.sizes.customers)]
        for kind in (Awkward.SAME_NUMBER, Awkward.CASE_ONLY_NUMBER):
            for position, customer in enumerate(plan.awkward[kind]):
                numbers[customer] = legacy_number(kind, plan.block, position)
        return numbers

    @cached_property
    def parents(self) -> dict[int, int]:
        """Account to parent account, in groups of a head, two children and a grandchild.

        A quarter of the accounts of businesses stand in such a group.
        """
        plan = self.plan
        of_businesses = np.flatnonzero(plan.business[plan.owner])
        chosen = stream(plan.seed, plan.block, "hierarchy").permutation(of_businesses)[
            : len(of_businesses) // 4
        ]
        parents: dict[int, int] = {}
        for head, elder, younger, grandchild in chosen[: len(chosen) // 4 * 4].reshape(-1, 4).tolist():
            parents |= {elder: head, younger: head, grandchild: elder}
        return parents

    @cached_property
    def supply(self) -> SupplyPlan:
        """What the accounts are supplied with."""
        return plan_supply(self.plan)

    @property
    def supply_first(self) -> SupplySizes:
        """Rows of the supplied entities in the blocks before this one."""
        full = supply_sizes(sizes_of(BLOCK).accounts)
        return SupplySizes(*(self.plan.block * size for size in full))

    @cached_property
    def homes(self) -> list[Address]:
        """Where the customers live; a household shares one address."""
        plan = self.plan
        homes = addresses(plan.seed, plan.block, plan.sizes.customers, "home")
        for owner, member in self._households():
            homes[member] = homes[owner]
        return homes

    @cached_property
    def people(self) -> People:
        """The customers themselves, or their contact persons; a household shares its surname."""
        plan = self.plan
        countries = [home["country"] for home in self.homes]
        persons = people(plan.seed, plan.block, plan.sizes.customers, countries, plan.first.customers)
        for owner, member in self._households():
            persons.surname[member] = persons.surname[owner]
        _spoil(persons, plan)
        return persons

    @cached_property
    def companies(self) -> list[str | None]:
        """Registered names; None for residential customers."""
        plan = self.plan
        rng = stream(plan.seed, plan.block, "companies")
        size = plan.sizes.customers
        parts = zip(
            plan.business.tolist(),
            choices(rng, PROPER_NAMES, size),
            choices(rng, TRADES, size),
            rng.integers(0, 60, size).tolist(),
            self.homes,
            strict=True,
        )
        return [
            _company(f"{proper} {trade}", home, draw) if business else None
            for business, proper, trade, draw, home in parts
        ]

    def name(self, customer: int) -> str:
        """The display name: the company's, or the person's as far as it is known."""
        company = self.companies[customer]
        if company is not None:
            return company
        forename, surname = self.people.forename[customer], self.people.surname[customer]
        return f"{forename} {surname}" if surname else forename

    def _households(self) -> Iterator[tuple[int, int]]:
        """(owner, member): residential joint customers without an account of their own."""
        plan = self.plan
        owners = set(plan.owner.tolist())
        joint = (plan.relation_role == JOINT) & (plan.relation_customer >= 0)
        for account, customer in zip(
            plan.relation_account[joint].tolist(), plan.relation_customer[joint].tolist(), strict=True
        ):
            owner = int(plan.owner[account])
            if customer not in owners and not plan.business[owner]:
                yield owner, customer


def _company(name: str, home: Address, draw: int) -> str:
    """The registered name; a third of the companies name their town, since many share the rest."""
    forms = LEGAL_FORMS[home["country"]]
    town = f" ({home['address4']})" if draw % 3 == 0 else ""
    return f"{name}{town} {forms[draw % len(forms)]}"


def _spoil(persons: People, plan: Plan) -> None:
    """Give the people the plan names their awkward values."""
    for customer in plan.awkward[Awkward.NO_SURNAME] + plan.awkward[Awkward.NO_CONTACT_SURNAME]:
        persons.surname[customer] = None
    for customer in plan.awkward[Awkward.LONG_SURNAME]:
        persons.surname[customer] = "-".join([persons.surname[customer] or "Long"] * 40)
    for turn, customer in enumerate(plan.awkward[Awkward.INVALID_EMAIL], plan.block):
        form = INVALID_EMAILS[turn % len(INVALID_EMAILS)]
        persons.email[customer] = form.format(name=persons.email[customer].partition("@")[0])
