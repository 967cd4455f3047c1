"""Values that the mapping itself brings, against the picklists of the org."""

from connector.model.finding import Severity
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.preflight.subjects import Look, change, told

TITLES = ("Mr.", "Mrs.", "Ms.", "Dr.", "Prof.")


def test_a_restricted_picklist_that_lacks_a_value_of_a_converter(org: OrgTwin, found: Look) -> None:
    change(org, "Contact", "Salutation", restricted_picklist=True, picklist_values=TITLES)
    (finding,) = found(org)
    assert (finding.severity, finding.where) == (Severity.ATTEST, "Contact.Salutation")
    assert "lacks Mx.:" in finding.what
    change(org, "Contact", "Salutation", picklist_values=(*TITLES, "Mx."))
    assert found(org) == []


def test_state_and_country_picklists_are_attested_field_by_field(org: OrgTwin, found: Look) -> None:
    change(org, "Account", "BillingStateCode")
    change(org, "Account", "BillingCountryCode", picklist_labels=("New Zealand", "Australia", "Ireland"))
    change(org, "Account", "BillingCityCode")
    findings = found(org)
    places = ["Account.BillingState", "Account.BillingCountry"]
    assert told(findings) == [(Severity.ATTEST, where) for where in places]
    assert "don't know United Kingdom by that name" in findings[1].what
