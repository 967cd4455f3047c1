"""Who will own the new records."""

from connector.model.finding import Severity
from connector.sync.owner_skew import MOST_RECORDS, SKEW
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.preflight.subjects import Look, Tenant, change, hide, instance, told

OWNERS = {"default": "all@x.nz", "rules": [{"owner": "north@x.nz", "state": ["NSW"]}]}
MANY = Tenant(counts={"accounts": MOST_RECORDS + 6, "customers": MOST_RECORDS})


def test_each_name_is_looked_up(org: OrgTwin, found: Look) -> None:
    org.setup.add_user(1, "ALL@x.nz")
    assert told(found(org, instance=instance(owners=OWNERS))) == [(Severity.BLOCKING, "owner north@x.nz")]
    org.setup.add_user(2, "north@x.nz", active=False)
    (finding,) = found(org, instance=instance(owners=OWNERS))
    assert finding.what == "The user is not active."


def test_the_field_must_be_there_and_a_queue_must_be_allowed(org: OrgTwin, found: Look) -> None:
    org.setup.add_queue(1, "Everybody", "Account")
    (finding,) = found(org, instance=instance(owners={"default": "Everybody"}))
    assert finding.what == "Account records can't belong to this queue."
    org.setup.add_user(1, "all@x.nz")
    hide(org, "Account", "OwnerId")
    change(org, "Contact", "OwnerId", createable=False)
    findings = found(org, instance=instance(owners={"default": "all@x.nz"}))
    assert [f.where for f in findings] == ["Account.OwnerId", "Contact.OwnerId"]


def test_one_owner_of_very_many_is_told_with_the_numbers(org: OrgTwin, found: Look) -> None:
    org.counts = {"Account": 5}
    (finding,) = [f for f in found(org, notes=True, gentrack=MANY) if f.where == SKEW]
    assert finding.what.startswith("integration@retailer.example will own 10,001 Account records more")
    org.setup.add_user(1, "all@x.nz")
    one = instance(owners={"default": "all@x.nz"})
    (finding,) = [f for f in found(org, notes=True, gentrack=MANY, instance=one) if f.where == SKEW]
    assert finding.what.startswith("all@x.nz will own 10,001 Account")
    org.setup.add_user(2, "north@x.nz")
    rules = instance(owners=OWNERS)
    assert not [f for f in found(org, notes=True, gentrack=MANY, instance=rules) if f.where == SKEW]
