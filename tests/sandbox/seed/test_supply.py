"""Meter points, agreements, orders and the catalogue: identifiers that hold, references that lead on."""

import pytest

from sandbox.seed import Dataset
from sandbox.seed.catalogue import AWKWARD_PLAN_CODE
from sandbox.seed.meter_identifiers import (
    icp,
    icp_check,
    mpan,
    mpan_check_digit,
    mprn,
    mprn_check,
    nmi,
    nmi_check_digit,
    serial_of,
)
from sandbox.seed.plan import BLOCK


def test_published_icp() -> None:
    """PowerNet's public example, 680207NV1F0, with its leading zeros."""
    assert icp_check("0000680207NV") == "1F0"


@pytest.mark.parametrize(
    ("body", "check"),
    [("QAAAVZZZZZ", 3), ("2001985732", 8), ("VKTS786150", 2), ("NAAAMYS582", 6), ("4316854005", 9)],
)
def test_published_nmis(body: str, check: int) -> None:
    """Examples of AEMO's procedure."""
    assert nmi_check_digit(body) == check


def test_published_mprn() -> None:
    assert mprn_check("39384244") == 3


def test_mpan_by_hand() -> None:
    """1 x 3 + 2 x 5 + 1 x 43 = 56, which leaves 1 on division by 11."""
    assert mpan_check_digit("120000000001") == 1


@pytest.mark.parametrize("identify", [icp, nmi, mpan, mprn])
@pytest.mark.parametrize("serial", [0, 7, 123_456, 4_000_001])
def test_an_identifier_leads_back_to_its_serial(identify: type[str], serial: int) -> None:
    identifier = identify(serial)
    assert serial_of(identifier) == serial
    broken = identifier[:-1] + ("0" if identifier[-1] != "0" else "1")
    assert serial_of(broken) is None


@pytest.mark.parametrize("text", ["", "123", "ABCDEFGHIJK", "\u0660" * 10])
def test_what_is_no_identifier_has_no_serial(text: str) -> None:
    assert serial_of(text) is None


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset(BLOCK + 500, 4)


def test_meter_identifiers_are_unique_and_of_the_country(dataset: Dataset) -> None:
    points = list(dataset.by_name["meterPoints"])
    assert len({point["identifier"] for point in points}) == len(points)
    allowed = {"NZ": {"ICP"}, "AU": {"NMI"}, "GB": {"MPAN", "MPRN"}}
    for point in points:
        assert point["type"] in allowed[point["address"]["country"]]
        assert (point["serviceType"] == "Gas") == (point["type"] == "MPRN")
        assert (point["supplyEndDate"] is not None) == (point["supplyStatus"] == "Terminated")
    last = points[-1]
    assert dataset.meter_points_of_identifier(last["identifier"]) == [len(points) - 1]


def test_references_lead_to_records(dataset: Dataset) -> None:
    accounts = {account["id"]: account["number"] for account in dataset.accounts}
    agreements = {row["id"]: row for row in dataset.by_name["agreements"]}
    orders = {row["id"]: row for row in dataset.by_name["orders"]}
    points = {row["id"]: row for row in dataset.by_name["meterPoints"]}
    plans = {(row["productCode"], row["code"]) for row in dataset.by_name["pricePlans"]}
    for row in (*agreements.values(), *orders.values(), *points.values()):
        assert accounts[row["accountId"]] == row["accountNumber"]
    for order in orders.values():
        agreement = agreements[order["agreementId"]]
        assert (agreement["number"], agreement["accountId"]) == (order["agreementNumber"], order["accountId"])
    keys = set()
    for line in dataset.by_name["orderLines"]:
        order, point = orders[line["orderId"]], points[line["meterPointId"]]
        assert order["number"] == line["orderNumber"]
        assert point["identifier"] == line["meterPointIdentifier"]
        assert point["accountId"] == order["accountId"]
        assert (line["productCode"], line["planCode"]) in plans
        keys.add((line["orderNumber"], line["line"]))
    assert len(keys) == dataset.by_name["orderLines"].size


def test_children_of_an_account_are_those_that_name_it(dataset: Dataset) -> None:
    for name in ("meterPoints", "agreements", "orders"):
        rows = list(dataset.by_name[name])
        for account in (0, 12, dataset.accounts.size - 1):
            identifier = dataset.accounts.ids.at(account)
            expected = [index for index, row in enumerate(rows) if row["accountId"] == identifier]
            assert dataset.children_of_account(name, account) == expected


def test_hierarchies_are_two_deep_and_of_businesses(dataset: Dataset) -> None:
    accounts = {account["id"]: account for account in dataset.accounts}
    depths = set()
    for account in accounts.values():
        depth, at = 0, account
        while at["parentAccountId"] is not None:
            at = accounts[at["parentAccountId"]]
            depth += 1
            assert at["companyNumber"] is not None
        depths.add(depth)
    assert depths == {0, 1, 2}


def test_one_plan_code_holds_the_separator_of_composite_ids(dataset: Dataset) -> None:
    awkward = [plan for plan in dataset.by_name["pricePlans"] if ":" in plan["code"]]
    assert [plan["code"] for plan in awkward] == [AWKWARD_PLAN_CODE]
