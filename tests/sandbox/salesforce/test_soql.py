"""SOQL over REST: what comes back, and the platform's own complaints."""

import pytest

from tests.sandbox.salesforce.org_client import DATA, OrgClient

EXT = "Gentrack_External_Id__c"
WSDL = "Please reference your WSDL or the describe call for the appropriate names."


@pytest.fixture(scope="module")
def town(org: OrgClient) -> str:
    """Four accounts in a town of their own."""
    name = "Soqlton"
    rows = [("Alpha", "1", "10"), ("beta", "2", ""), ("Gamma", "", "30"), ("delta", "4", "40")]
    for place, (account, phone, employees) in enumerate(rows):
        org.create(
            "Account",
            Name=account,
            BillingCity=name,
            Phone=phone or None,
            NumberOfEmployees=employees or None,
            **{EXT: f"soql-{place}"},
        )
    return name


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("Name = 'ALPHA'", ["Alpha"]),
        ("Name != 'alpha'", ["beta", "delta", "Gamma"]),
        ("Phone = null", ["Gamma"]),
        ("Phone != '1'", ["beta", "delta", "Gamma"]),
        ("Phone < '3'", ["Alpha", "beta"]),
        ("Name LIKE '_ELTA'", ["delta"]),
        ("NOT Name LIKE '%a'", []),
        ("Name IN ('alpha', 'GAMMA')", ["Alpha", "Gamma"]),
        ("Phone NOT IN ('1', '2')", ["delta", "Gamma"]),
        ("NumberOfEmployees >= 30 AND (Name = 'gamma' OR Phone = '4')", ["delta", "Gamma"]),
        ("CreatedDate = TODAY AND LastModifiedDate >= LAST_N_DAYS:2 AND Name = 'beta'", ["beta"]),
        ("SystemModstamp > 2020-01-01T00:00:00+13:00 AND Name = 'beta'", ["beta"]),
        ("Id IN (SELECT AccountId FROM Contact WHERE LastName = 'nobody')", []),
    ],
)
def test_conditions(org: OrgClient, town: str, condition: str, names: list[str]) -> None:
    found = org.query(
        f"SELECT Name FROM Account WHERE BillingCity = '{town}' AND ({condition}) ORDER BY Name"
    )

    assert [record["Name"] for record in found] == names


def test_order_limit_and_offset(org: OrgClient, town: str) -> None:
    base = f"SELECT Name FROM Account WHERE BillingCity = '{town}' ORDER BY NumberOfEmployees"

    assert [each["Name"] for each in org.query(base)] == ["beta", "Alpha", "Gamma", "delta"]
    assert [each["Name"] for each in org.query(f"{base} DESC LIMIT 2")] == ["delta", "Gamma"]
    assert [each["Name"] for each in org.query(f"{base} NULLS LAST LIMIT 2 OFFSET 2")] == ["delta", "beta"]


def test_counts_and_groups(org: OrgClient, town: str) -> None:
    where = f"FROM Account WHERE BillingCity = '{town}'"
    counted = org.http.get(f"{DATA}/query", params={"q": f"SELECT COUNT() {where}"}).json()
    (total,) = org.query(f"SELECT COUNT(Id), MAX(NumberOfEmployees) most {where}")

    assert counted == {"totalSize": 4, "done": True, "records": []}
    assert (total["expr0"], total["most"]) == (4, 40)
    assert total["attributes"] == {"type": "AggregateResult"}


def test_parents_and_children_are_nested(org: OrgClient) -> None:
    account = org.create("Account", Name="Parent", BillingCity="X")
    contact = org.create("Contact", LastName="Child", AccountId=account)
    lonely = org.create("Contact", LastName="Lonely")

    first, second = org.query(
        f"SELECT LastName, Account.Name, Account.Owner.Alias FROM Contact WHERE Id IN ('{contact}', "
        f"'{lonely}') ORDER BY LastName"
    )
    (parent,) = org.query(
        f"SELECT Id, (SELECT Id FROM Contacts), (SELECT Id FROM Orders) FROM Account WHERE Id = '{account}'"
    )

    assert first["Account"]["attributes"] == {"type": "Account", "url": f"{DATA}/sobjects/Account/{account}"}
    assert (first["Account"]["Name"], first["Account"]["Owner"]["Alias"]) == ("Parent", "integr")
    assert second["Account"] is None
    assert parent["Contacts"]["totalSize"] == 1
    assert parent["Contacts"]["records"][0]["Id"] == contact
    assert parent["Orders"] is None


def test_compound_fields_are_objects(org: OrgClient) -> None:
    account = org.create("Account", Name="A", BillingCity="Napier", BillingPostalCode="4110")

    (record,) = org.query(f"SELECT BillingAddress, ShippingAddress FROM Account WHERE Id = '{account}'")

    assert record["BillingAddress"]["city"] == "Napier"
    assert record["BillingAddress"]["street"] is None
    assert record["ShippingAddress"] is None


def test_long_results_come_in_pages(org: OrgClient, mark: str) -> None:
    org.load("Account", f"{EXT},Name\n" + "".join(f"{mark}{n:05d},{mark}\n" for n in range(2500)))

    first = org.http.get(
        f"{DATA}/query", params={"q": f"SELECT Id FROM Account WHERE Name = '{mark}'"}
    ).json()
    second = org.http.get(first["nextRecordsUrl"]).json()

    assert (first["totalSize"], first["done"], len(first["records"])) == (2500, False, 2000)
    assert (second["done"], len(second["records"])) == (True, 500)
    assert "nextRecordsUrl" not in second
    assert len({each["Id"] for each in first["records"] + second["records"]}) == 2500
    bad = org.http.get(f"{DATA}/query/0r85g0000000000AAA-2000")
    assert (bad.status_code, bad.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_a_limit_holds_where_a_parent_is_missing(org: OrgClient) -> None:
    """A LIMIT above two outer joins, one of them with a table that has no rows."""
    text = "SELECT Id, Account.Name, Account.Parent.Name, CustomerSigned.Name FROM Contract LIMIT 1"
    account = org.create("Account", Name="A")
    for _ in range(3):
        org.create("Contract", AccountId=account)

    assert len(org.query(text)) == 1


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        (
            "select count() from XYZZY",
            "INVALID_TYPE",
            (
                "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\nsObject type "
                "'XYZZY' is not "
                f"supported. If you are attempting to use a custom object, be sure to append the '__c' after "
                f"the entity name. {WSDL}"
            ),
        ),
        (
            "SELECT Id, Foo FROM Account",
            "INVALID_FIELD",
            (
                "\nSELECT Id, Foo FROM Account\n           ^\nERROR at Row:1:Column:12\nNo such column 'Foo' "
                "on entity "
                "'Account'. If you are attempting to use a custom field, be sure to append the '__c' after "
                "the "
                "custom field "
                f"name. {WSDL}"
            ),
        ),
        (
            "SELECT Id FROM Account WHERE Name = 5",
            "INVALID_FIELD",
            (
                "\nSELECT Id FROM Account WHERE Name = 5\n                                    ^\nERROR at "
                "Row:1:Column:37\n"
                "value of filter criterion for field 'Name' must be of type string and should be enclosed in "
                "quotes"
            ),
        ),
        (
            "SELECT Id FROM A WHERE a = 1 AND b = 2 OR c = 3",
            "MALFORMED_QUERY",
            (
                "\nSELECT Id FROM A WHERE a = 1 AND b = 2 OR c = 3\n                                       "
                "^\n"
                "ERROR at Row:1:Column:40\nunexpected token: 'OR'"
            ),
        ),
        (
            "SELECT Id FROM Account WHERE Description = 'x'",
            "INVALID_FIELD",
            (
                "\nSELECT Id FROM Account WHERE Description = 'x'\n                             ^\nERROR at "
                "Row:1:Column:30\n"
                "field 'Description' can not be filtered in a query call"
            ),
        ),
    ],
)
def test_complaints(org: OrgClient, soql: str, code: str, message: str) -> None:
    assert org.refused_query(soql) == {"message": message, "errorCode": code}


def test_triggers_are_seen_by_the_tooling_api(org: OrgClient) -> None:
    answer = org.http.get(
        f"{DATA}/tooling/query/", params={"q": "SELECT Name, Status, TableEnumOrId FROM ApexTrigger"}
    )

    found = {each["TableEnumOrId"]: each["Status"] for each in answer.json()["records"]}
    assert found == dict.fromkeys(("Account", "Contact", "AccountContactRelation", "OrderItem"), "Active")


def test_what_a_query_may_not_ask_for(org: OrgClient) -> None:
    assert org.refused_query("SELECT FIELDS(ALL) FROM Account")["errorCode"] == "MALFORMED_QUERY"
    assert (
        org.refused_query("SELECT Id FROM Account OFFSET 2001")["errorCode"] == "NUMBER_OUTSIDE_VALID_RANGE"
    )
    assert len(org.query("SELECT FIELDS(STANDARD) FROM Organization LIMIT 200")) == 1
