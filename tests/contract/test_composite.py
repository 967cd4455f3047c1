"""Composite requests against the sandbox's org: many records, few calls, an answer for each."""

import pytest

from connector.clients.salesforce.composite import RECORDS
from connector.clients.salesforce.org import Org
from connector.errors import RequestRefused
from connector.model.saved import Save, SaveAs, Saved

KEY = "Gentrack_External_Id__c"


def accounts(prefix: str, count: int) -> list[dict[str, str]]:
    return [{KEY: f"{prefix}-{number}", "Name": f"{prefix} {number}"} for number in range(count)]


def test_an_upsert_makes_records_and_finds_them_again(org: Org) -> None:
    save = Save("Account", SaveAs.UPSERT, accounts("twice", RECORDS), KEY)
    first, again = org.save([save, save])
    assert len({one.record_id for one in first}) == RECORDS
    assert [one.created for one in first + again] == [True] * RECORDS + [False] * RECORDS
    assert [one.record_id for one in first] == [one.record_id for one in again]


def test_parents_are_named_by_their_external_ids_and_each_record_is_refused_by_itself(org: Org) -> None:
    parent = Save("Account", SaveAs.UPSERT, accounts("parent", 1), KEY)
    children = [
        {KEY: "child-1", "LastName": "Ngata", "Account": {KEY: "parent-0"}},
        {KEY: "child-2", "Account": {KEY: "parent-0"}},
        {KEY: "child-3", "LastName": "Ngata", "Account": {KEY: "nobody"}},
    ]
    _, (good, nameless, orphan) = org.save([parent, Save("Contact", SaveAs.UPSERT, children, KEY)])
    assert good.created
    assert (nameless.code, nameless.fields) == ("REQUIRED_FIELD_MISSING", ("LastName",))
    assert orphan.code == "INVALID_FIELD"
    rows = org.queries([f"SELECT Account.{KEY} FROM Contact WHERE Id = '{good.record_id}'"])
    assert rows == [[{"Account": {KEY: "parent-0"}}]]


def test_null_clears_and_what_is_not_named_stays(org: Org) -> None:
    made = org.save(
        [Save("Account", SaveAs.UPSERT, [{KEY: "c-1", "Name": "Aroha", "Phone": "1", "Fax": "2"}], KEY)]
    )[0][0]
    org.save([Save("Account", SaveAs.UPDATE, [{"Id": made.record_id, "Phone": None}])])
    rows = org.queries([f"SELECT Name, Phone, Fax FROM Account WHERE Id = '{made.record_id}'"])
    assert rows == [[{"Name": "Aroha", "Phone": None, "Fax": "2"}]]


def test_what_is_deleted_is_seen_by_who_asks_for_the_bin_and_deleting_again_does_no_harm(org: Org) -> None:
    made = org.save([Save("Account", SaveAs.UPSERT, accounts("gone", 1), KEY)])[0][0]
    delete = Save("Account", SaveAs.DELETE, [{"Id": made.record_id}])
    assert org.save([delete, delete]) == [[Saved(made.record_id)], [Saved(made.record_id)]]
    soql = f"SELECT Id, IsDeleted FROM Account WHERE Id = '{made.record_id}'"
    assert org.queries([soql]) == [[]]
    assert org.queries([soql], deleted=True) == [[{"Id": made.record_id, "IsDeleted": True}]]


def test_more_parts_than_one_request_takes_come_in_their_order(org: Org) -> None:
    made = org.save([Save("Account", SaveAs.UPSERT, accounts("many", 12), KEY)])[0]
    queries = [f"SELECT Name FROM Account WHERE Id = '{one.record_id}'" for one in made]
    assert org.queries(queries) == [[{"Name": f"many {number}"}] for number in range(12)]


def test_every_page_of_a_query_is_read(org: Org) -> None:
    for part in range(11):
        org.save([Save("Account", SaveAs.UPSERT, accounts(f"page-{part}", RECORDS), KEY)])
    rows = org.queries([f"SELECT Id FROM Account WHERE {KEY} LIKE 'page-%'"])[0]
    assert len({row["Id"] for row in rows}) == 11 * RECORDS


def test_a_query_that_is_refused_is_an_error_with_its_code(org: Org) -> None:
    with pytest.raises(RequestRefused) as refused:
        org.queries(["SELECT Id FROM Account", "SELECT Nothing__c FROM Account"])
    assert refused.value.code == "INVALID_FIELD"
