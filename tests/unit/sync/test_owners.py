"""Owners of new records, from names in the instance to what stands in Salesforce."""

from collections.abc import Callable

import pytest

from connector.entities import entity
from connector.errors import OwnersUnknown
from connector.instance import OwnerRuleSection, OwnersSection
from connector.mapping.ownership import Owners, with_owner
from connector.sync import folders, owner_skew
from connector.sync.owners import found_owners, may_own, named_owners, resolved
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.people import people
from tests.unit.sync.sync_describe import described
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun

Stage = Callable[..., None]
SECTION = OwnersSection(
    default="all@x.nz",
    rules=(OwnerRuleSection(owner="North@x.nz", state=("NSW",)),),
)
NSW = {"billingAddress": {"address5": "NSW"}}


@pytest.fixture
def owned(whole: WholeRun) -> WholeRun:
    """A run of an instance with owners; the org has them, and somebody who has left."""
    whole.org.setup.add_user(1, "all@x.nz")
    whole.org.setup.add_user(2, "north@x.nz")
    whole.org.setup.add_user(3, "gone@x.nz", active=False)
    owners = resolved(SECTION, whole.org)
    whole.entities = tuple(with_owner(spec, owners) for spec in people())
    return whole


def owner(org: OrgTwin, sobject: str, key: str) -> str | None:
    """The user name of a record's owner."""
    names = {user["Id"]: user["Username"] for user in org.setup.by_object["User"]}
    found = org.by_key(sobject, key).get("OwnerId")
    return names.get(found or "", found)


def test_new_accounts_go_by_rule_and_their_contacts_follow(owned: WholeRun, stage_gentrack: Stage) -> None:
    stage_gentrack(
        accounts=[account(1, **NSW), account(2)],
        customers=[customer(7), customer(8), customer(9)],
        accountCustomers=[link(1, 1, 7), link(2, 2, 8)],
    )
    owned.plan()
    owned.load()
    found = {key: owner(owned.org, "Account", key) for key in ("A1", "A2")}
    assert found == {"A1": "north@x.nz", "A2": "all@x.nz"}
    found = {key: owner(owned.org, "Contact", key) for key in ("C7", "C8", "C9")}
    assert found == {"C7": "north@x.nz", "C8": "all@x.nz", "C9": "all@x.nz"}
    assert all(one.agrees for one in owned.verify().values())


def test_an_account_that_is_there_keeps_its_owner_and_new_contacts_are_given_to_it(
    owned: WholeRun, stage_gentrack: Stage
) -> None:
    stage_gentrack(
        accounts=[account(1, **NSW), account(2)],
        customers=[customer(7), customer(8)],
        accountCustomers=[link(1, 1, 7), link(2, 2, 8)],
    )
    key = "Gentrack_External_Id__c"
    owned.org.add("Account", **{key: "A1", "Name": "Given7 Family7", "OwnerId": "005SOMEBODY"})
    owned.org.add("Account", **{key: "A2", "Name": "Given8 Family8", "OwnerId": "005000000000003AAA"})
    owned.plan()
    owned.load()
    assert owner(owned.org, "Account", "A1") == "005SOMEBODY"
    assert owner(owned.org, "Account", "A2") == "gone@x.nz"
    assert owner(owned.org, "Contact", "C7") == "005SOMEBODY"
    assert owner(owned.org, "Contact", "C8") == "all@x.nz"
    owned.plan()
    assert set(owned.staged(folders.plan, "account")["outcome"]) == {"unchanged"}
    assert set(owned.staged(folders.plan, "contact")["outcome"]) == {"unchanged"}


def test_an_owner_that_somebody_changed_during_the_run_is_found(
    owned: WholeRun, stage_gentrack: Stage
) -> None:
    stage_gentrack(accounts=[account(1)], customers=[customer(7)], accountCustomers=[link(1, 1, 7)])
    owned.plan()
    owned.load()
    owned.org.by_key("Account", "A1")["OwnerId"] = "005SOMEBODY"
    assert owned.verify()["account"].differing == 1
    assert owned.row(folders.verified, "account", "A1")["field"] == "OwnerId"


def test_who_is_not_there_or_has_left_is_named() -> None:
    org = OrgTwin()
    org.setup.add_user(1, "all@x.nz", active=False)
    with pytest.raises(OwnersUnknown, match=r"North@x\.nz, all@x\.nz\."):
        resolved(SECTION, org)


def test_a_queue_owns_only_what_it_was_made_for() -> None:
    org = OrgTwin()
    org.setup.add_queue(1, "Meters", "Service_Point__c")
    section = OwnersSection(objects={"service_point": "meters"})
    found = found_owners(named_owners(section), org)["meters"]
    point = described(entity("service_point"), OwnerId={"reference_to": ("Group", "User")})
    assert may_own(found, point)
    assert not may_own(found, described(entity("account")))
    assert not may_own(found, described(entity("order"), OwnerId={"reference_to": ("Group", "User")}))
    assert resolved(section, org).objects == {"service_point": "00G000000000001AAA"}


def test_a_plan_counts_who_would_own_very_many(
    owned: WholeRun, stage_gentrack: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner_skew, "MOST_RECORDS", 2)
    stage_gentrack(
        accounts=[account(1, **NSW), *(account(number) for number in (2, 3, 4))],
        customers=[customer(7)],
        accountCustomers=[link(number, number, 7) for number in (1, 2, 3, 4)],
    )
    owned.plan()
    owners = resolved(SECTION, owned.org)
    (finding,) = owner_skew.planned_skew(owned.run, owned.entities, owners, "me@x.nz", owned.workspace)
    assert finding.what.startswith("all@x.nz will own 3 Account records more")
    owned.entities = people()
    owned.plan()
    (finding,) = owner_skew.planned_skew(owned.run, people(), Owners(), "me@x.nz", owned.workspace)
    assert finding.what.startswith("me@x.nz will own 4 Account records more")
