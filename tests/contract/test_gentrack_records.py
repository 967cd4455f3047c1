"""One record of the sandbox's tenant: read, changed in either way, created once."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from connector.clients.gentrack.records import GentrackRecordsApi, connect_gentrack_records
from connector.errors import RequestRefused
from connector.instance import Instance
from connector.settings import GentrackSecrets
from deployments.sandbox_process import Sandbox


@pytest.fixture(params=["patch", "put"])
def records(
    request: pytest.FixtureRequest, instance: Instance, contract_sandbox: Sandbox
) -> Iterator[GentrackRecordsApi]:
    given = contract_sandbox.gentrack
    gentrack = instance.gentrack.model_copy(update={"change_by": request.param})
    by = instance.model_copy(update={"gentrack": gentrack})
    client = connect_gentrack_records(by, GentrackSecrets(app_id=given.app_id, app_secret=given.app_secret))
    yield client
    client.close()


@pytest.fixture
def customer(records: GentrackRecordsApi) -> dict[str, Any]:
    fields = {"name": "Ngata", "surname": "Ngata", "primaryContact": {"surname": "Ngata", "email": "a@b.nz"}}
    return records.create("customers", fields, f"test-{records._change_by}")


def test_a_change_leaves_all_else_as_it_is(records: GentrackRecordsApi, customer: dict[str, Any]) -> None:
    before = records.read("customers", customer["id"])
    assert before is not None
    contact = {"phoneNumber1": records._change_by, "address": {"address4": records._change_by}}
    change = records.change("customers", customer["id"], lambda _: {"primaryContact": contact})
    after = records.read("customers", customer["id"])
    assert change is not None
    assert change.sent
    assert change.record == after
    expected = before["primaryContact"] | contact
    assert after is not None
    held = after["primaryContact"]
    assert held["address"]["address4"] == records._change_by
    assert held | {"address": None} == expected | {"address": None}
    assert (after["name"], after["number"]) == (before["name"], before["number"])


def test_nothing_is_sent_where_nothing_is_wanted(
    records: GentrackRecordsApi, customer: dict[str, Any]
) -> None:
    seen: list[Mapping[str, Any]] = []

    def nothing(record: Mapping[str, Any]) -> dict[str, Any]:
        seen.append(record)
        return {}

    change = records.change("customers", customer["id"], nothing)
    assert change is not None
    assert not change.sent
    assert change.record == seen[0] == records.read("customers", customer["id"])


def test_a_record_is_created_once_for_a_reference(
    records: GentrackRecordsApi, customer: dict[str, Any]
) -> None:
    again = records.create("customers", {"name": "Another"}, f"test-{records._change_by}")
    assert again["id"] == customer["id"]


def test_what_is_not_there_is_none_and_what_is_wrong_is_refused(
    records: GentrackRecordsApi, customer: dict[str, Any]
) -> None:
    assert records.read("customers", 7) is None
    assert records.change("customers", 7, lambda _: {"name": "x"}) is None
    with pytest.raises(RequestRefused) as refused:
        records.change("customers", customer["id"], lambda _: {"nonsense": 1})
    assert (refused.value.status, refused.value.code) == (400, "UnknownField")


def test_several_are_read_as_one_is_and_a_change_may_go_by_that(
    records: GentrackRecordsApi, customer: dict[str, Any]
) -> None:
    number = customer["id"]
    several = records.read_several("customers", [number, 7])
    assert several == {number: records.read("customers", number)}
    wanted = {"primaryContact": {"phoneNumber2": f"by {records._change_by}"}}
    change = records.change("customers", number, lambda _: wanted, read=several[number])
    assert change is not None
    after = records.read("customers", number)
    assert after is not None
    assert after["primaryContact"] == several[number]["primaryContact"] | wanted["primaryContact"]
