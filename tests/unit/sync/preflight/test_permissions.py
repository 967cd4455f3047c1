"""What the integration user may do beyond fields."""

from dataclasses import replace

import pytest

from connector.model.finding import Severity
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.preflight.subjects import Look, hide, told


@pytest.mark.parametrize(
    ("permission", "severity", "why"),
    [
        ("PermissionsApiEnabled", Severity.BLOCKING, "API Enabled: nothing can be read"),
        ("PermissionsActivateOrder", Severity.BLOCKING, "Activate Orders: orders stay drafts"),
        ("PermissionsActivateContract", Severity.BLOCKING, "Activate Contracts: contracts stay drafts"),
        ("PermissionsCustomizeApplication", Severity.BLOCKING, "Customize Application: the setting"),
        ("PermissionsViewSetup", Severity.NOTE, "View Setup and Configuration: much of what"),
    ],
)
def test_a_permission_that_is_lacking_is_named_with_what_it_costs(
    org: OrgTwin, found: Look, permission: str, severity: Severity, why: str
) -> None:
    org.setup.by_object["UserPermissionAccess"][0][permission] = False
    (finding,) = [f for f in found(org, notes=True) if f.where == "user permissions"]
    assert finding.severity is severity
    assert why in finding.what


def test_a_permission_that_the_edition_does_not_tell_of_is_for_a_person(org: OrgTwin, found: Look) -> None:
    hide(org, "UserPermissionAccess", "PermissionsActivateOrder")
    (finding,) = found(org)
    assert (finding.severity, finding.where) == (Severity.ATTEST, "user permissions")
    assert "Activate Orders" in finding.what


def test_private_records_need_modify_all(org: OrgTwin, found: Look) -> None:
    org.setup.by_object["EntityDefinition"] = [
        {"QualifiedApiName": "Account", "InternalSharingModel": "Private"},
        {"QualifiedApiName": "Contact", "InternalSharingModel": "ControlledByParent"},
        {"QualifiedApiName": "AccountContactRelation", "InternalSharingModel": "Read"},
    ]
    places = ["record access of Account", "record access of AccountContactRelation"]
    assert told(found(org)) == [(Severity.ATTEST, where) for where in places]
    org.setup.by_object["ObjectPermissions"] = [{"SobjectType": "Account"}]
    assert told(found(org)) == [(Severity.ATTEST, places[1])]
    org.setup.by_object["UserPermissionAccess"][0]["PermissionsModifyAllData"] = True
    assert found(org) == []


def test_what_can_not_be_deleted_can_not_be_undone(org: OrgTwin, found: Look) -> None:
    org.described["Contact"] = replace(org.described["Contact"], deletable=False)
    (finding,) = [f for f in found(org, notes=True) if f.where == "delete"]
    assert "may not delete Contact" in finding.what
