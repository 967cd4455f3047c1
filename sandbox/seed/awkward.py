"""The kinds of rows that Salesforce or a careful connector can't accept, and how often each occurs."""

from enum import StrEnum


class Awkward(StrEnum):
    """A reason for which a row can't be accepted, named after what is wrong with it."""

    NO_SURNAME = "residential_customer_without_surname"
    INVALID_EMAIL = "invalid_email"
    UNKNOWN_ACCOUNT_CLASS = "unknown_account_class"
    UNKNOWN_CUSTOMER = "relation_to_unknown_customer"
    SAME_NUMBER = "number_shared_by_two_customers"
    CASE_ONLY_NUMBER = "number_differing_only_in_case"
    LONG_TRADING_NAME = "trading_name_over_255"
    LONG_COMPANY_NUMBER = "company_number_over_80"
    LONG_SURNAME = "surname_over_80"
    NO_CONTACT_SURNAME = "business_contact_without_surname"


ENTITY = {
    Awkward.NO_SURNAME: "customers",
    Awkward.INVALID_EMAIL: "customers",
    Awkward.UNKNOWN_ACCOUNT_CLASS: "accounts",
    Awkward.UNKNOWN_CUSTOMER: "accountCustomers",
    Awkward.SAME_NUMBER: "customers",
    Awkward.CASE_ONLY_NUMBER: "customers",
    Awkward.LONG_TRADING_NAME: "accounts",
    Awkward.LONG_COMPANY_NUMBER: "accounts",
    Awkward.LONG_SURNAME: "customers",
    Awkward.NO_CONTACT_SURNAME: "customers",
}

_CASES_PER_2000_CUSTOMERS = {
    Awkward.NO_SURNAME: 4,
    Awkward.INVALID_EMAIL: 4,
    Awkward.UNKNOWN_ACCOUNT_CLASS: 4,
    Awkward.UNKNOWN_CUSTOMER: 3,
    Awkward.SAME_NUMBER: 1,
    Awkward.CASE_ONLY_NUMBER: 1,
    Awkward.LONG_TRADING_NAME: 2,
    Awkward.LONG_COMPANY_NUMBER: 1,
    Awkward.LONG_SURNAME: 1,
    Awkward.NO_CONTACT_SURNAME: 1,
}
ROWS_PER_CASE = {Awkward.SAME_NUMBER: 2, Awkward.CASE_ONLY_NUMBER: 2}

UNKNOWN_ACCOUNT_CLASSES = ("Sundry", "Prepayment", "Cost  Statement", "INVOICE (legacy)")
INVALID_EMAILS = ("no email", "unknown@", "{name}.example.com", "{name}@@example.com", "{name} @ example.com")


def cases(customers: int) -> dict[Awkward, int]:
    """How many cases of each kind a block of so many customers gets.

    They follow the rates, but a small block also gets one case of as many kinds as fit into a hundredth of
    its rows (a customer comes with about three), so that a small data set meets most of them.
    """
    room = customers * 3 // 100
    planned: dict[Awkward, int] = {}
    for kind, rate in _CASES_PER_2000_CUSTOMERS.items():
        rows = ROWS_PER_CASE.get(kind, 1)
        wanted = max(1, round(rate * customers / 2_000))
        planned[kind] = min(wanted, room // rows)
        room -= planned[kind] * rows
    return planned
