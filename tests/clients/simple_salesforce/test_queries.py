"""simple-salesforce, unpatched, over TLS: who is signed in, queries, describe, limits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
)

from deployments.sandbox_process import SandboxSalesforce
from tests.clients.simple_salesforce.session import KEY, VERSION, connected, jobs_of, records_of, refused

pytestmark = pytest.mark.clients
MISSING = "001000000000000AAA"
MIXED = "SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Phone = '1'"


def test_the_authority_is_needed(org: SandboxSalesforce) -> None:
    stranger = requests.Session()
    stranger.trust_env = False
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        Salesforce(instance_url=org.tls_url, session_id="any", session=stranger).query(
            "SELECT Id FROM Account"
        )


def test_who_is_signed_in(sf: Salesforce, org: SandboxSalesforce) -> None:
    who = sf.oauth2("userinfo")
    assert who is not None
    assert who["preferred_username"] == org.username
    user = records_of(sf, "User").get(who["user_id"])
    assert user["Username"] == org.username
    assert records_of(sf, "Organization").get(who["organization_id"])["Id"] == who["organization_id"]
    assert sf.is_sandbox() is False


def test_queries_nest_parents_and_children(
    sf: Salesforce, created: Callable[..., str], prefix: str, org: SandboxSalesforce
) -> None:
    parent = created("Account", Name=f"{prefix} parent")
    account = created("Account", Name=f"{prefix} O'Brien", ParentId=parent, **{KEY: prefix})
    created("Contact", LastName=f"{prefix} Doe", Account={KEY: prefix})
    created("Contact", LastName=f"{prefix} Roe")
    doe, roe = sf.query(
        "SELECT Id, LastName, Account.Name, Account.Parent.Name, Account.Owner.Username FROM Contact "
        f"WHERE LastName LIKE '{prefix}%' ORDER BY LastName"
    )["records"]
    assert doe["Account"]["attributes"]["type"] == "Account"
    assert doe["Account"]["Parent"]["Name"] == f"{prefix} parent"
    assert doe["Account"]["Owner"]["Username"] == org.username
    assert roe["Account"] is None
    (found,) = sf.query(
        f"SELECT Id, (SELECT LastName FROM Contacts) FROM Account WHERE Name = '{prefix} O\\'Brien'"
    )["records"]
    assert found["Id"] == account
    assert [contact["LastName"] for contact in found["Contacts"]["records"]] == [f"{prefix} Doe"]
    (childless,) = sf.query(f"SELECT (SELECT Id FROM Contacts) FROM Account WHERE Id = '{parent}'")["records"]
    assert childless["Contacts"] is None
    counted = sf.query(f"SELECT count() FROM Contact WHERE LastName LIKE '{prefix}%'")
    assert (counted["totalSize"], counted["records"]) == (2, [])


def test_long_answers_come_in_pages(sf: Salesforce, prefix: str) -> None:
    names = [f"{prefix} {number:04}" for number in range(2_345)]
    jobs_of(sf, "Account").insert(records=[{"Name": name} for name in names], wait=0)
    query = f"SELECT Name FROM Account WHERE Name LIKE '{prefix}%' ORDER BY Name"
    page = sf.query(query)
    assert (page["totalSize"], page["done"], len(page["records"])) == (2_345, False, 2_000)
    rest = sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)
    assert (rest["done"], len(rest["records"])) == (True, 345)
    assert "nextRecordsUrl" not in rest
    assert [record["Name"] for record in sf.query_all_iter(query)] == names
    gone = refused(SalesforceMalformedRequest, lambda: sf.query_more("01g000000000001AAA-2000"))
    assert gone["errorCode"] == "INVALID_QUERY_LOCATOR"


@pytest.mark.parametrize(
    ("query", "code", "place"),
    [
        ("SELECT Nope FROM Account", "INVALID_FIELD", "ERROR at Row:1:Column:8\nNo such column 'Nope'"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "ERROR at Row:1:Column:16\nsObject type 'Nope' is not"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "unexpected token"),
        (MIXED, "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account WHERE CreatedDate > 'now'", "INVALID_FIELD", "must be of type dateTime"),
    ],
)  # fmt: skip
def test_a_query_that_is_refused(sf: Salesforce, query: str, code: str, place: str) -> None:
    error = refused(SalesforceMalformedRequest, lambda: sf.query(query))
    assert error["errorCode"] == code
    assert place in error["message"]


def test_describe(sf: Salesforce) -> None:
    named = {each["name"]: each for each in (sf.describe() or {})["sobjects"]}
    assert {"Account", "Contact", "AccountContactRelation", "Service_Point__c"} <= set(named)
    assert named["Account"]["urls"]["describe"] == f"/services/data/v{VERSION}/sobjects/Account/describe"
    described = records_of(sf, "Account").describe()
    fields = {field["name"]: field for field in described["fields"]}
    assert (fields[KEY]["externalId"], fields[KEY]["unique"], fields[KEY]["custom"]) == (True, True, True)
    assert (fields["Name"]["nillable"], fields["Name"]["length"]) == (False, 255)
    assert fields["ParentId"]["referenceTo"] == ["Account"]
    classes = {value["value"] for value in fields["Account_Class__c"]["picklistValues"] if value["active"]}
    assert "Invoice" in classes
    children = {child["relationshipName"] for child in described["childRelationships"]}
    assert {"Contacts", "ChildAccounts"} <= children
    assert records_of(sf, "Account").metadata()["objectDescribe"]["keyPrefix"] == "001"


def test_updated_and_deleted(sf: Salesforce, created: Callable[..., str], prefix: str) -> None:
    kept, dropped = (created("Account", Name=f"{prefix} {name}") for name in ("kept", "dropped"))
    records_of(sf, "Account").delete(dropped)
    now = datetime.now(UTC)
    window = now - timedelta(hours=1), now + timedelta(minutes=2)
    updated = records_of(sf, "Account").updated(*window)
    assert kept in updated["ids"]
    assert dropped not in updated["ids"]
    deleted = records_of(sf, "Account").deleted(*window)
    assert dropped in {record["id"] for record in deleted["deletedRecords"]}
    assert updated["latestDateCovered"].endswith("+0000")
    assert deleted["earliestDateAvailable"].endswith("+0000")


def test_limits_count(sf: Salesforce) -> None:
    sf.query("SELECT Id FROM Organization")
    before = sf.api_usage["api-usage"]
    limits = sf.limits()
    assert limits["DailyApiRequests"]["Max"] == before.total
    assert sf.api_usage["api-usage"].used == before.used + 1


def test_tooling(sf: Salesforce) -> None:
    found = sf.toolingexecute("query/?q=SELECT+Name,Status+FROM+ApexTrigger+WHERE+TableEnumOrId='Account'")
    assert [(record["Name"], record["Status"]) for record in found["records"]] == [
        ("GentrackAccountTrigger", "Active")
    ]


def test_a_session_that_ended(org: SandboxSalesforce) -> None:
    ended = connected(org)
    ended.session.post(f"{org.tls_url}/services/oauth2/revoke", data={"token": ended.session_id})
    for call in (
        lambda: ended.query("SELECT Id FROM Account"),
        lambda: records_of(ended, "Account").get(MISSING),
    ):
        assert refused(SalesforceExpiredSession, call) == {
            "errorCode": "INVALID_SESSION_ID",
            "message": "Session expired or invalid",
        }
