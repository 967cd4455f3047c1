"""What the platform does by itself between contacts and accounts."""

from tests.sandbox.salesforce.org_client import DATA, OrgClient

EXT = "Gentrack_External_Id__c"
FIELDS = f"SELECT Id, AccountId, IsDirect, IsActive, {EXT} FROM AccountContactRelation"


def test_a_contact_with_an_account_has_a_direct_relation(org: OrgClient) -> None:
    account = org.create("Account", Name="A")
    contact = org.create("Contact", LastName="B", AccountId=account)

    (relation,) = org.query(f"{FIELDS} WHERE ContactId = '{contact}'")

    assert (relation["AccountId"], relation["IsDirect"], relation["IsActive"]) == (account, True, True)
    assert relation[EXT] is None
    path = f"{DATA}/sobjects/AccountContactRelation/{relation['Id']}"
    assert org.http.patch(path, json={"Roles": "Main", EXT: "x:y"}).status_code == 204


def test_a_pair_has_one_relation(org: OrgClient, mark: str) -> None:
    account = org.create("Account", Name="A", **{EXT: mark})
    contact = org.create("Contact", LastName="B", AccountId=account, **{EXT: mark})

    loaded = org.load(
        "AccountContactRelation", f"{EXT},Account.{EXT},Contact.{EXT}\n{mark}:{mark},{mark},{mark}\n"
    )
    single = org.http.post(
        f"{DATA}/sobjects/AccountContactRelation", json={"AccountId": account, "ContactId": contact}
    )

    assert [error.partition(":")[0] for error in loaded.errors] == ["DUPLICATE_VALUE"]
    assert single.json()[0]["errorCode"] == "DUPLICATE_VALUE"


def test_a_private_contact_has_no_relations(org: OrgClient) -> None:
    account, contact = org.create("Account", Name="A"), org.create("Contact", LastName="B")

    refused = org.http.post(
        f"{DATA}/sobjects/AccountContactRelation", json={"AccountId": account, "ContactId": contact}
    )

    assert org.query(f"{FIELDS} WHERE ContactId = '{contact}'") == []
    assert refused.status_code == 400


def test_moving_a_contact_keeps_the_old_relation_as_an_indirect_one(org: OrgClient) -> None:
    old, new = org.create("Account", Name="Old"), org.create("Account", Name="New")
    contact = org.create("Contact", LastName="B", AccountId=old)

    org.http.patch(f"{DATA}/sobjects/Contact/{contact}", json={"AccountId": new})

    relations = {
        each["AccountId"]: each["IsDirect"] for each in org.query(f"{FIELDS} WHERE ContactId = '{contact}'")
    }
    assert relations == {old: False, new: True}


def test_a_contacts_name_follows_its_parts(org: OrgClient) -> None:
    contact = org.create("Contact", FirstName="Aroha", LastName="Ngata")
    assert org.get("Contact", contact)["Name"] == "Aroha Ngata"

    org.http.patch(f"{DATA}/sobjects/Contact/{contact}", json={"FirstName": None})

    assert org.get("Contact", contact)["Name"] == "Ngata"


def test_deleting_an_account_takes_its_contacts_along(org: OrgClient) -> None:
    account = org.create("Account", Name="A")
    contact = org.create("Contact", LastName="B", AccountId=account)

    assert org.http.delete(f"{DATA}/sobjects/Account/{account}").status_code == 204

    assert org.query(f"SELECT Id FROM Contact WHERE Id = '{contact}'") == []
    assert org.query(f"{FIELDS} WHERE ContactId = '{contact}'") == []
