"""Acts: what people do in one go, drawn by chance, as steps in either system."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.soak import values
from bench.soak.editable import EDITABLE, GENTRACK_ALONE, SALESFORCE_ALONE, Editable
from bench.soak.journal import Deed, Side
from bench.soak.judging import IN_SCOPE
from bench.soak.people import Record
from bench.soak.targets import Targets
from connector.entities import entity
from connector.mapping.vocabulary import EXTERNAL_ID, Master

SCOPE = ("LeadSource", "Partner Referral")
"""A contact that people make with it in Salesforce is asked for in Gentrack."""


@dataclass(frozen=True)
class Step:
    """One thing to do. `then` gives what is to follow, by what was made: a record, or a Salesforce id.

    `holds` are more records that nobody else may touch meanwhile, as object and id, as what follows is about
    them.
    """

    side: Side
    deed: Deed
    kind: str
    record: str | int = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    into: str | None = None
    then: Callable[[Any], "list[Step]"] | None = None
    holds: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Act:
    """Its name, and its steps, which are done side by side."""

    name: str
    steps: list[Step]

    @property
    def records(self) -> set[tuple[str, str]]:
        """What it is about, as kind and id."""
        named = {(step.kind, str(step.record)) for step in self.steps if step.record}
        return named.union(*(step.holds for step in self.steps))


Draw = Callable[[Targets, random.Random], list[Step] | None]


def _gentrack(editable: Editable, targets: Targets, chance: random.Random) -> list[Step] | None:
    pair = targets.any(chance, editable.entity, editable.fits)
    return [Step("gentrack", "change", *editable.in_gentrack(targets, pair, chance))] if pair else None


def _salesforce(editable: Editable, targets: Targets, chance: random.Random) -> list[Step] | None:
    pair = targets.any(chance, editable.entity, editable.fits)
    return [Step("salesforce", "change", *editable.in_salesforce(pair, chance))] if pair else None


def _master_edit(targets: Targets, chance: random.Random) -> list[Step] | None:
    editable = chance.choice(EDITABLE + SALESFORCE_ALONE + GENTRACK_ALONE)
    side = _gentrack if editable.master is Master.GENTRACK else _salesforce
    return side(editable, targets, chance)


def _drift(targets: Targets, chance: random.Random) -> list[Step] | None:
    editable = chance.choice(EDITABLE)
    side = _salesforce if editable.master is Master.GENTRACK else _gentrack
    return side(editable, targets, chance)


def _both_at_once(targets: Targets, chance: random.Random) -> list[Step] | None:
    editable = chance.choice(EDITABLE)
    pair = targets.any(chance, editable.entity, editable.fits)
    if pair is None:
        return None
    return [
        Step("gentrack", "change", *editable.in_gentrack(targets, pair, chance)),
        Step("salesforce", "change", *editable.in_salesforce(pair, chance)),
    ]


def _new_customer(_targets: Targets, chance: random.Random) -> list[Step]:
    """A customer, then its account, then a second customer who is billed for it too."""

    def person() -> Record:
        forename, surname = values.word(chance), values.word(chance)
        person = {"forename": forename, "surname": surname, "email": values.email(chance)}
        address = {"address1": values.word(chance), "address4": values.town(chance), "country": "NZ"}
        contact = {**person, "phoneNumber1": values.phone(chance), "address": address}
        named = {"name": f"{forename} {surname}", "forename": forename, "surname": surname}
        return {**named, "customerType": "Residential", "primaryContact": contact}

    first, second, role = person(), person(), chance.choice(("Joint", "Billing"))
    billing = {"address1": values.word(chance), "address4": values.town(chance), "country": "NZ"}

    def account_of(customer: Record) -> list[Step]:
        fields = {"primaryCustomerId": customer["id"], "accountClass": "Invoice", "billingAddress": billing}
        return [Step("gentrack", "create", "accounts", fields=fields, then=second_of)]

    def second_of(account: Record) -> list[Step]:
        def joined(customer: Record) -> list[Step]:
            fields = {"accountId": account["id"], "customerId": customer["id"], "role": role}
            return [Step("gentrack", "create", "accountCustomers", fields=fields | {"fromDt": "2026-01-01"})]

        return [Step("gentrack", "create", "customers", fields=second, then=joined)]

    return [Step("gentrack", "create", "customers", fields=first, then=account_of)]


def _person(chance: random.Random) -> Record:
    return {
        "FirstName": values.word(chance),
        "LastName": values.word(chance),
        "Email": values.email(chance),
        "Phone": values.phone(chance),
        "MailingStreet": values.street(chance),
        "MailingCity": values.town(chance),
    }


def _made_in_scope(_targets: Targets, chance: random.Random) -> list[Step]:
    return [Step("salesforce", "create", "Contact", fields=_person(chance) | dict([SCOPE]))]


def _made_out_of_scope(_targets: Targets, chance: random.Random) -> list[Step]:
    return [Step("salesforce", "create", "Contact", fields=_person(chance))]


def _deleted(targets: Targets, chance: random.Random) -> list[Step] | None:
    """A contact, or a service point that no order names."""
    name = chance.choice(("contact", "service_point"))
    named = {line["meterPointIdentifier"] for line in targets.picture.gentrack["orderLines"].values()}
    pair = targets.any(chance, name, lambda ours, _theirs: ours.get("identifier") not in named)
    if pair is None:
        return None
    targets.ended.add(pair)
    if name == "contact":
        customer = targets.picture.gentrack["customers"][pair.gentrack]["number"].lower()
        relations = targets.pairs["account_contact_relation"]
        targets.ended |= {one for one in relations if one.key.lower().endswith(f":{customer}")}
    return [Step("salesforce", "delete", entity(name).salesforce_object, pair.salesforce)]


def _merged(targets: Targets, chance: random.Random) -> list[Step] | None:
    """Somebody finds a contact twice, and keeps the one or the other."""
    pair = targets.any(chance, "contact")
    if pair is None:
        return None
    keeps_ours = chance.random() < 0.5
    if not keeps_ours:
        targets.ended.add(pair)

    def merge(twin: str) -> list[Step]:
        loser, winner = (twin, pair.salesforce) if keeps_ours else (pair.salesforce, twin)
        return [Step("salesforce", "merge", "Contact", loser, into=winner)]

    kept = frozenset({("Contact", pair.salesforce)})
    return [Step("salesforce", "create", "Contact", fields=_person(chance), then=merge, holds=kept)]


def _moved_in_gentrack(targets: Targets, chance: random.Random) -> list[Step] | None:
    """A meter point goes to another account, or somebody who stands on one account only, to another one."""
    account = targets.any(chance, "account")
    if chance.random() < 0.7:
        point = targets.any(chance, "service_point")
        if account is None or point is None:
            return None
        return [Step("gentrack", "change", "meterPoints", point.gentrack, {"accountId": account.gentrack})]
    relation = targets.any(chance, "account_contact_relation", lambda ours, _: ours["primaryFl"] != "Y")
    if account is None or relation is None:
        return None
    known = targets.picture.gentrack["accountCustomers"].values()
    ours = targets.picture.gentrack["accountCustomers"][relation.gentrack]
    if any((one["accountId"], one["customerId"]) == (account.gentrack, ours["customerId"]) for one in known):
        return None
    targets.ended.add(relation)
    return [
        Step("gentrack", "change", "accountCustomers", relation.gentrack, {"accountId": account.gentrack})
    ]


def _moved_in_salesforce(targets: Targets, chance: random.Random) -> list[Step] | None:
    """Gentrack is master of every lookup, so it has to move back."""
    account, name = targets.any(chance, "account"), chance.choice(("contact", "service_point"))
    pair = targets.any(chance, name)
    if account is None or pair is None:
        return None
    lookup = {"contact": "AccountId", "service_point": "Account__c"}[name]
    kind = entity(name).salesforce_object
    return [Step("salesforce", "change", kind, pair.salesforce, {lookup: account.salesforce})]


def _key_touched(targets: Targets, chance: random.Random) -> list[Step] | None:
    name = chance.choice(("account", "contact", "service_point"))
    pair = targets.any(chance, name)
    key = chance.choice((None, f"SOAK-{chance.randrange(10**9)}"))
    kind = entity(name).salesforce_object
    return [Step("salesforce", "change", kind, pair.salesforce, {EXTERNAL_ID: key})] if pair else None


ACTS: Mapping[str, tuple[float, Draw]] = {
    "master's edit": (55, _master_edit),
    "other side's edit": (18, _drift),
    "both at once": (8, _both_at_once),
    "made in Gentrack": (3, _new_customer),
    IN_SCOPE: (2, _made_in_scope),
    "made out of scope": (1, _made_out_of_scope),
    "deleted in Salesforce": (1, _deleted),
    "merged in Salesforce": (0.7, _merged),
    "moved in Gentrack": (3, _moved_in_gentrack),
    "moved in Salesforce": (2, _moved_in_salesforce),
    "external id touched": (1, _key_touched),
}
"""Each act with its weight."""


def drawn(targets: Targets, chance: random.Random, names: list[str]) -> Act:
    """The next act, of those that are named."""
    while True:
        name = chance.choices(names, [ACTS[one][0] for one in names])[0]
        steps = ACTS[name][1](targets, chance)
        if steps:
            return Act(name, steps)
