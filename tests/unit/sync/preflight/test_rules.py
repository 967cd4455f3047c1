"""Rules that refuse rows: one word for all of an object, not a wall of them."""

from connector.sync.confirm import to_attest
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.preflight.subjects import Look


def test_many_validation_rules_are_one_attestation_an_object(org: OrgTwin, found: Look) -> None:
    org.code["ValidationRule"] = [
        {"ValidationName": f"Rule_{n}", "NamespacePrefix": None, "EntityDefinitionId": "Account"}
        for n in range(40)
    ] + [{"ValidationName": "Named", "NamespacePrefix": "acme", "EntityDefinitionId": "Contact"}]
    known = to_attest(found(org))
    assert list(known) == ["attest_validation_rules_of_account", "attest_validation_rules_of_contact"]
    assert "40 are active: Rule_0, " in known["attest_validation_rules_of_account"]
    assert "Rule_9 and 30 more." in known["attest_validation_rules_of_account"]
    assert "1 is active: acme.Named." in known["attest_validation_rules_of_contact"]


def test_duplicate_rules_of_other_objects_are_nobodys_concern(org: OrgTwin, found: Look) -> None:
    org.setup.by_object["DuplicateRule"] = [
        {"DeveloperName": "Same_Person", "SobjectType": "Contact"},
        {"DeveloperName": "Same_Lead", "SobjectType": "Lead"},
    ]
    (finding,) = found(org)
    assert finding.where == "duplicate rules of Contact"
    assert "1 is active: Same_Person. Bulk API can't pass one over" in finding.what
