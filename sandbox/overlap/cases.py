"""The cases of overlap, each with the truth about it: a pure function of the data set and their number."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from sandbox.overlap.salesforce_records import account_of, contact_of
from sandbox.seed import Dataset, Record
from sandbox.seed.awkward import ENTITY

Fields = dict[str, Any]


class OverlapKind(StrEnum):
    """How a customer stands in Salesforce already."""

    SAME = "same"
    """One account and contact with the same values."""
    OTHER_VALUES = "other_values"
    """One of each, the same by company number or email and last name, with another phone and street."""
    BLANK_VALUES = "blank_values"
    """As before, but phones and address are blank in Salesforce."""
    WEAK = "weak"
    """Neither company number nor email: only name and postcode, last name, birth date and phone agree."""
    TWO_ACCOUNTS = "two_accounts"
    """Two accounts of the same name (and company number) at one address."""
    FATHER_AND_SON = "father_and_son"
    """Two contacts with the same last name and email on one account."""
    UNRELATED = "unrelated"
    """An account and contact that Gentrack never heard of."""


_KINDS = (
    *(OverlapKind.SAME,) * 4,
    *(OverlapKind.OTHER_VALUES,) * 2,
    OverlapKind.BLANK_VALUES,
    OverlapKind.WEAK,
    OverlapKind.TWO_ACCOUNTS,
    OverlapKind.FATHER_AND_SON,
)
_UNRELATED_IN = 4
_OTHER_SEED = 1_000_003


@dataclass(frozen=True)
class OverlapCase:
    """One case: what Salesforce holds, and the numbers of the Gentrack records it is about.

    The numbers are None for what is unrelated. Contacts stand on the first account of their case.
    """

    kind: OverlapKind
    account_number: str | None
    customer_number: str | None
    accounts: list[Fields] = field(default_factory=list)
    contacts: list[Fields] = field(default_factory=list)


def overlap_cases(dataset: Dataset, count: int) -> Iterator[OverlapCase]:
    """`count` cases of customers that both have, and a quarter more of unrelated ones.

    Only customers with one account and nothing awkward take part, so a small data set may have fewer.
    """
    for turn, (account, customer) in enumerate(islice(_plain_customers(dataset), count)):
        yield _case(_KINDS[turn % len(_KINDS)], account, customer)
    strangers = Dataset(max(1, count), dataset.seed + _OTHER_SEED)
    for account, customer in islice(_plain_customers(strangers), count // _UNRELATED_IN):
        yield _unrelated(account, customer)


def _plain_customers(dataset: Dataset) -> Iterator[tuple[Record, Record]]:
    """(account, customer) of every customer with exactly one account, neither of them awkward nor closed."""
    for number in range(dataset.blocks):
        plan = dataset.block(number).plan
        awkward = defaultdict[str, set[int]](set)
        for kind, rows in plan.awkward.items():
            awkward[ENTITY[kind]].update(rows)
        owners = plan.owner.tolist()
        owned = Counter(owners)
        accounts, customers = dataset.accounts.render(number), dataset.customers.render(number)
        for position, owner in enumerate(owners):
            is_awkward = position in awkward["accounts"] or owner in awkward["customers"]
            if not is_awkward and owned[owner] == 1 and accounts[position]["closedDttm"] is None:
                yield accounts[position], customers[owner]


def _case(kind: OverlapKind, account: Record, customer: Record) -> OverlapCase:
    own_account, own_contact = account_of(account, customer), contact_of(customer)
    accounts, contacts = [own_account], [own_contact]
    if kind is OverlapKind.OTHER_VALUES:
        other = {"Phone": "+64 4 555 0199"}
        accounts = [own_account | other | {"BillingStreet": "1 Former Street"}]
        contacts = [own_contact | other | {"MailingStreet": "1 Former Street"}]
    elif kind is OverlapKind.BLANK_VALUES:
        accounts = [_without(own_account, "Billing", "Phone", "Fax")]
        contacts = [_without(own_contact, "Mailing", "Phone", "OtherPhone", "MobilePhone")]
    elif kind is OverlapKind.WEAK:
        accounts = [_without(own_account, "Company_Number__c")]
        contacts = [_without(own_contact, "Email")]
    elif kind is OverlapKind.TWO_ACCOUNTS:
        accounts = [own_account, own_account | {"Phone": "+64 4 555 0188"}]
    elif kind is OverlapKind.FATHER_AND_SON:
        contacts = [own_contact, own_contact | {"FirstName": "Junior", "Birthdate": "1999-12-31"}]
    return OverlapCase(kind, account["number"], customer["number"], accounts, contacts)


def _unrelated(account: Record, customer: Record) -> OverlapCase:
    stranger, person = account_of(account, customer), contact_of(customer)
    stranger["Name"] = f"{stranger['Name']} Holdings"
    stranger["Company_Number__c"] = None
    person["Email"] = f"prospect.{person['Email']}"
    person["LastName"] = f"{person['LastName']}-Prospect"
    return OverlapCase(OverlapKind.UNRELATED, None, None, [stranger], [person])


def _without(fields: Fields, *prefixes: str) -> Fields:
    return {name: None if name.startswith(prefixes) else value for name, value in fields.items()}
