"""Each kind of overlap is what its name says, judged against the Gentrack records."""

from collections import Counter

import pytest

from sandbox.overlap import OverlapCase, OverlapKind, overlap_cases
from sandbox.seed import Dataset, Record

COUNT = 400


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset(2_600, 3)


@pytest.fixture(scope="module")
def cases(dataset: Dataset) -> list[OverlapCase]:
    return list(overlap_cases(dataset, COUNT))


@pytest.fixture(scope="module")
def customers(dataset: Dataset) -> dict[str, Record]:
    return {customer["number"]: customer for customer in dataset.customers}


def _of(cases: list[OverlapCase], kind: OverlapKind) -> list[OverlapCase]:
    return [case for case in cases if case.kind is kind]


def test_the_kinds_come_in_their_shares(cases: list[OverlapCase]) -> None:
    counted = Counter(case.kind for case in cases)
    assert counted == {
        OverlapKind.SAME: 160,
        OverlapKind.OTHER_VALUES: 80,
        OverlapKind.BLANK_VALUES: 40,
        OverlapKind.WEAK: 40,
        OverlapKind.TWO_ACCOUNTS: 40,
        OverlapKind.FATHER_AND_SON: 40,
        OverlapKind.UNRELATED: 100,
    }


def test_the_cases_are_repeatable(dataset: Dataset, cases: list[OverlapCase]) -> None:
    assert list(overlap_cases(Dataset(2_600, 3), COUNT)) == cases


def test_nobody_takes_part_twice_and_accounts_belong_to_their_customers(
    dataset: Dataset, cases: list[OverlapCase]
) -> None:
    related = [case for case in cases if case.customer_number]
    assert len({case.customer_number for case in related}) == len(related)
    primaries = {
        row["accountNumber"]: row["customerNumber"]
        for row in dataset.account_customers
        if row["primaryFl"] == "Y"
    }
    assert all(primaries[case.account_number or ""] == case.customer_number for case in related)


def test_no_record_has_an_external_id(cases: list[OverlapCase]) -> None:
    for case in cases:
        assert case.accounts
        for fields in case.accounts + case.contacts:
            assert "Gentrack_External_Id__c" not in fields


def test_strong_keys_agree_where_they_should(cases: list[OverlapCase], customers: dict[str, Record]) -> None:
    for case in cases:
        if case.kind in {OverlapKind.UNRELATED, OverlapKind.WEAK}:
            continue
        customer = customers[case.customer_number or ""]
        assert case.accounts[0]["Company_Number__c"] == customer["companyNumber"]
        assert case.contacts[0]["Email"] == customer["primaryContact"]["email"]
        assert case.contacts[0]["LastName"] == customer["primaryContact"]["surname"]


def test_weak_ones_lack_the_strong_keys(cases: list[OverlapCase], customers: dict[str, Record]) -> None:
    for case in _of(cases, OverlapKind.WEAK):
        assert case.accounts[0]["Company_Number__c"] is None
        assert case.contacts[0]["Email"] is None
        assert case.accounts[0]["Name"] == customers[case.customer_number or ""]["name"]


def test_other_values_differ_and_blank_ones_are_blank(
    cases: list[OverlapCase], customers: dict[str, Record]
) -> None:
    for case in _of(cases, OverlapKind.OTHER_VALUES):
        assert (
            case.accounts[0]["Phone"]
            != customers[case.customer_number or ""]["primaryContact"]["phoneNumber1"]
        )
    for case in _of(cases, OverlapKind.BLANK_VALUES):
        assert case.accounts[0]["BillingStreet"] is None
        assert case.contacts[0]["MobilePhone"] is None


def test_ambiguous_ones_are_two_of_a_key(cases: list[OverlapCase]) -> None:
    for case in _of(cases, OverlapKind.TWO_ACCOUNTS):
        one, other = case.accounts
        for name in ("Name", "Company_Number__c", "BillingPostalCode"):
            assert one[name] == other[name]
    for case in _of(cases, OverlapKind.FATHER_AND_SON):
        father, son = case.contacts
        assert (father["LastName"], father["Email"]) == (son["LastName"], son["Email"])
        assert father["FirstName"] != son["FirstName"]


def test_unrelated_ones_share_no_strong_key(cases: list[OverlapCase], customers: dict[str, Record]) -> None:
    emails = {customer["primaryContact"]["email"] for customer in customers.values()}
    names = {customer["name"] for customer in customers.values()}
    for case in _of(cases, OverlapKind.UNRELATED):
        assert case.accounts[0]["Company_Number__c"] is None
        assert case.accounts[0]["Name"] not in names
        assert case.contacts[0]["Email"] not in emails
