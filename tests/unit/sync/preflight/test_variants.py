"""What kind of org it is."""

from dataclasses import replace

from connector.model.describe import RecordType
from connector.model.finding import Severity
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.preflight.subjects import Look


def test_the_org_is_named_so_that_nobody_mistakes_it(org: OrgTwin, found: Look) -> None:
    (finding,) = [f for f in found(org, notes=True) if f.where == "org"]
    assert (finding.severity, finding.what) == (
        Severity.NOTE,
        "It is Aroha, Enterprise Edition, not a sandbox.",
    )
    org.setup.by_object["Organization"][0]["OrganizationType"] = "Professional Edition"
    (finding,) = found(org)
    assert (finding.severity, finding.where) == (Severity.ATTEST, "org")


def test_record_types_say_which_one_new_records_get(org: OrgTwin, found: Look) -> None:
    made = (RecordType("Household", available=True, default=True), RecordType("Site", True, False))
    org.described["Account"] = replace(org.described["Account"], record_types=made)
    (finding,) = found(org)
    assert (finding.severity, finding.where) == (Severity.ATTEST, "record types of Account")
    assert finding.what == "It has record types (Household, Site); new records get Household."
    none = tuple(replace(each, available=False, default=False) for each in made)
    org.described["Account"] = replace(org.described["Account"], record_types=none)
    (finding,) = found(org)
    assert "none is the integration user's" in finding.what
