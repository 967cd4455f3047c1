"""Gathering Salesforce's side: what an org of the sandbox can't show, and how many calls it takes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import pandas as pd

from connector.entities import entity, registry
from connector.errors import RequestRefused
from connector.mapping import columns as named
from connector.mapping.flags import GONE
from connector.model.replication import Deletions
from connector.sync.ongoing.salesforce.side import SalesforceSide, Wanted
from connector.sync.ongoing.salesforce.soql import criterion
from tests.unit.sync.ongoing.told_org import NOW, ToldOrg

KEY = "Gentrack_External_Id__c"
ACCOUNT = entity("account")


def test_an_address_never_grows_too_long_and_no_value_is_left_out() -> None:
    org = ToldOrg()
    ids = [f"001{number:012}AAA" for number in range(2500)]
    keys = [f"O'Brien & sons, {number} Δ" for number in range(1500)]
    SalesforceSide(org).records(ACCOUNT, ids=ids, keys=keys)
    assert all(len(quote_plus(one)) < 16_000 for one in org.asked)
    everything = "".join(org.asked)
    assert all(f"'{one}'" in everything for one in ids)
    assert all("'" + one.replace("'", "\\'") + "'" in everything for one in keys)
    assert sum(one.count("'001") for one in org.asked if " WHERE Id IN" in one) == 2500


def test_all_entities_take_two_calls() -> None:
    org = ToldOrg()
    SalesforceSide(org).gathered([Wanted(spec, ids=["000000000000000AAA"]) for spec in registry()])
    assert org.calls.count("queryAll") == 2


def test_what_is_gone_from_the_bin_too_was_deleted_where_the_org_says_so() -> None:
    org = ToldOrg(deleted={"Account": ["001000000000001AAA"]})
    rows = SalesforceSide(org).records(ACCOUNT, ids=["001000000000001AAA", "001000000000002AAA"])
    assert list(rows[named.SALESFORCE_ID]) == ["001000000000001AAA"]
    assert list(rows[named.DELETED]) == [True]
    assert rows["s.Name"].isna().all()


def test_where_the_org_remembers_no_deletion_what_is_not_found_is_no_answer() -> None:
    org = ToldOrg(deleted=None)
    assert SalesforceSide(org).records(ACCOUNT, ids=["001000000000001AAA"]).empty


class CrowdedOrg(ToldOrg):
    """An org that deleted more in a day than one answer has room for."""

    def deletions(self, sobjects: Sequence[str], start: datetime, end: datetime) -> list[Deletions]:
        if end - start > timedelta(days=1):
            raise RequestRefused("Too many.", status=400, code="EXCEEDED_ID_LIMIT")
        if not start <= NOW - timedelta(days=5) < end:
            return [Deletions({}, end) for _ in sobjects]
        return super().deletions(sobjects, start, end)


def test_of_too_many_deletions_for_one_answer_each_half_is_asked() -> None:
    org = CrowdedOrg(deleted={"Account": ["001000000000001AAA"]})
    rows = SalesforceSide(org).records(ACCOUNT, ids=["001000000000001AAA", "001000000000002AAA"])
    assert list(rows[named.SALESFORCE_ID]) == ["001000000000001AAA"]


def test_a_record_that_was_merged_names_the_last_winner() -> None:
    merges: dict[str, dict[str, Any]] = {
        "loser": {"MasterRecordId": "first", "MasterRecord": {KEY: "A-1", "MasterRecordId": "second"}},
        "first": {"MasterRecordId": "second", "MasterRecord": {KEY: "A-2", "MasterRecordId": "last"}},
        "second": {"MasterRecordId": "last", "MasterRecord": {KEY: "A-3", "MasterRecordId": None}},
    }

    def answer(soql: str) -> list[dict[str, Any]]:
        return [
            {"Id": name, "IsDeleted": True} | told for name, told in merges.items() if f"'{name}'" in soql
        ]

    org = ToldOrg(answer)
    account = org.described["Account"]
    fields = dict(account.fields) | {"MasterRecordId": account.fields["ParentId"]}
    org.described["Account"] = replace(account, fields=fields)
    rows = SalesforceSide(org).records(ACCOUNT, ids=["loser"])
    assert (rows[named.MERGED_INTO][0], rows[named.MERGED_KEY][0]) == ("last", "A-3")


def test_an_org_without_our_flag_has_no_flagged_records() -> None:
    org = ToldOrg(lambda _: [{"Id": "001000000000001AAA", "IsDeleted": False}])
    account = org.described["Account"]
    fields = {name: one for name, one in account.fields.items() if name != GONE}
    org.described["Account"] = replace(account, fields=fields)
    rows = SalesforceSide(org).records(ACCOUNT, ids=["001000000000001AAA"])
    assert list(rows[named.FLAGGED]) == [False]
    assert not any(GONE in one for one in org.asked)


def test_no_records_have_the_same_columns_as_some() -> None:
    row = {"Id": "001000000000001AAA", "IsDeleted": False, "Parent": {KEY: "A-9"}}
    some, none = (
        SalesforceSide(ToldOrg(told)).records(ACCOUNT, ids=["x"]) for told in (lambda _: [row], lambda _: [])
    )
    pd.testing.assert_series_equal(some.dtypes, none.dtypes)
    assert some["s.parent.ParentId"][0] == "A-9"


def test_what_is_in_scope_is_asked_in_the_form_that_each_type_needs() -> None:
    account = ToldOrg().described["Account"]
    kinds = {"Phone": "boolean", "Fax": "multipicklist"}
    fields = dict(account.fields) | {n: replace(account.fields[n], type=kind) for n, kind in kinds.items()}
    asked = criterion(
        replace(account, fields=fields),
        {"Name": ["O'Brien"], "Phone": ["true"], "Fax": ["A", "B"], "RecordType.DeveloperName": ["Home"]},
    )
    assert asked == (
        "Name IN ('O\\'Brien') AND Phone IN (true) AND Fax INCLUDES ('A', 'B')"
        " AND RecordType.DeveloperName IN ('Home')"
    )
