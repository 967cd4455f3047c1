"""Merging, as people do it in Salesforce's pages: what becomes of losers and of what hangs on them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.sandbox.salesforce.org_client import OrgClient

EXT = "Gentrack_External_Id__c"


def merged(org: OrgClient, object_name: str, winner: str, *losers: str) -> int:
    body = {"object": object_name, "winner": winner, "ids": list(losers)}
    return org.http.post("/sandbox/merge", json=body).status_code


@contextmanager
def a_minute_later(org: OrgClient) -> Iterator[None]:
    """Stamps are whole seconds: what follows bears later ones than what was before."""
    org.http.patch("/sandbox/settings", json={"clock_skew_seconds": 60}).raise_for_status()
    yield
    org.http.patch("/sandbox/settings", json={"clock_skew_seconds": 0}).raise_for_status()


def test_the_loser_of_a_merge_is_deleted_and_tells_its_winner(org: OrgClient, mark: str) -> None:
    winner, loser = org.create("Contact", LastName="A", **{EXT: mark}), org.create("Contact", LastName="B")
    before = org.get("Contact", winner)["SystemModstamp"]

    with a_minute_later(org):
        assert merged(org, "Contact", winner, loser) == 204

    fields = "IsDeleted, MasterRecordId, SystemModstamp, LastModifiedById"
    (gone,) = org.query(f"SELECT {fields} FROM Contact WHERE Id = '{loser}'", everything=True)
    assert (gone["IsDeleted"], gone["MasterRecordId"]) == (True, winner)
    stays = org.get("Contact", winner)
    assert stays["SystemModstamp"] > before
    assert stays["SystemModstamp"] == gone["SystemModstamp"]
    assert org.get("User", gone["LastModifiedById"])["Username"] == org.announced["administrator"]


def test_what_hangs_on_the_loser_moves_to_the_winner(org: OrgClient) -> None:
    winner, loser = org.create("Account", Name="A"), org.create("Account", Name="B")
    contact = org.create("Contact", LastName="B", AccountId=loser)
    contract = org.create("Contract", AccountId=loser, Status="Draft")

    assert merged(org, "Account", winner, loser) == 204

    assert org.get("Contact", contact)["AccountId"] == winner
    assert org.get("Contract", contract)["AccountId"] == winner
    (relation,) = org.query(
        f"SELECT AccountId, IsDirect FROM AccountContactRelation WHERE ContactId = '{contact}'"
    )
    assert (relation["AccountId"], relation["IsDirect"]) == (winner, True)


def test_one_relation_with_an_account_is_left(org: OrgClient) -> None:
    shared, other = org.create("Account", Name="Shared"), org.create("Account", Name="Other")
    winner = org.create("Contact", LastName="A", AccountId=shared)
    loser = org.create("Contact", LastName="B", AccountId=other)
    org.create("AccountContactRelation", AccountId=shared, ContactId=loser)

    assert merged(org, "Contact", winner, loser) == 204

    relations = org.query(
        f"SELECT AccountId, IsDirect FROM AccountContactRelation WHERE ContactId IN ('{winner}', '{loser}')"
    )
    assert {each["AccountId"]: each["IsDirect"] for each in relations} == {shared: True, other: False}
    assert len(relations) == 2


def test_a_private_winner_takes_the_losers_account_and_keeps_its_relation(org: OrgClient, mark: str) -> None:
    account = org.create("Account", Name="A")
    winner, loser = (
        org.create("Contact", LastName="A"),
        org.create("Contact", LastName="B", AccountId=account),
    )
    fields = "SELECT Id, AccountId, IsDirect FROM AccountContactRelation"
    (relation,) = org.query(f"{fields} WHERE ContactId = '{loser}'")

    assert merged(org, "Contact", winner, loser) == 204

    assert org.get("Contact", winner)["AccountId"] == account
    (kept,) = org.query(f"{fields} WHERE ContactId = '{winner}'")
    assert (kept["Id"], kept["AccountId"], kept["IsDirect"]) == (relation["Id"], account, True)


@pytest.mark.parametrize("which", ["itself", "deleted", "nobody", "another object"])
def test_a_merge_that_makes_no_sense_is_refused(org: OrgClient, which: str) -> None:
    winner, loser = org.create("Account", Name="A"), org.create("Account", Name="B")
    match which:
        case "itself":
            refused = merged(org, "Account", winner, winner)
        case "deleted":
            assert merged(org, "Account", winner, loser) == 204
            refused = merged(org, "Account", winner, loser)
        case "nobody":
            refused = merged(org, "Account", winner)
        case _:
            product = org.create("Product2", Name="A")
            refused = merged(org, "Product2", product, org.create("Product2", Name="B"))
    assert refused == 400
