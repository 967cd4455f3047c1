"""What the integration user may do beyond fields: activate, call the API, see and edit what others own.

Sources: Object reference, UserPermissionAccess (the current user's own permissions, no setup right needed),
EntityDefinition.InternalSharingModel, ObjectPermissions (needs View Setup and Configuration).
"""

from collections.abc import Iterator, Sequence

from connector.model.finding import Finding
from connector.model.soql import soql_list
from connector.sync.preflight.check import PERMISSION, attest, blocking, note
from connector.sync.preflight.subject import Subject

NEEDED = {
    "PermissionsApiEnabled": "API Enabled",
    "PermissionsActivateContract": "Activate Contracts",
    "PermissionsActivateOrder": "Activate Orders",
    "PermissionsCustomizeApplication": "Customize Application",
    "PermissionsViewSetup": "View Setup and Configuration",
}
"""Field of UserPermissionAccess -> the permission's name for people."""
_WHY = {
    "PermissionsApiEnabled": "nothing can be read or loaded",
    "PermissionsActivateContract": "contracts stay drafts",
    "PermissionsActivateOrder": "orders stay drafts",
    "PermissionsCustomizeApplication": "the setting that switches our triggers off can't be written",
    "PermissionsViewSetup": "much of what preflight looks for is hidden",
}
_HELPFUL = frozenset({"PermissionsViewSetup"})
"""What a run can do without."""
_ALL = ("PermissionsViewAllData", "PermissionsModifyAllData")
_OPEN = frozenset({"ReadWrite", "ReadWriteTransfer", "FullAccess"})
"""Org-wide defaults by which everybody may edit every record."""
_BY_PARENT = frozenset({"ControlledByParent", "ControlledByCampaign", "ControlledByLeadOrContact"})


def user_permissions(subject: Subject) -> Iterator[Finding]:
    """System permissions, as they add up from profile, permission sets and groups."""
    held = _held(subject, tuple(NEEDED))
    for name, label in NEEDED.items():
        if held.get(name) is False:
            told = note if name in _HELPFUL else blocking
            what = f"The integration user lacks {label}: {_WHY[name]}."
            yield told("user permissions", what, PERMISSION)
    unknown = [label for name, label in NEEDED.items() if name not in held]
    if unknown:
        yield attest(
            "user permissions",
            f"The org doesn't tell of the permissions {', '.join(unknown)}.",
            "See in Setup that the integration user has them.",
        )


def record_access(subject: Subject) -> Iterator[Finding]:
    """Objects whose records are private, and which the user may not see or edit all the same.

    A record that belongs to somebody else, by [owners] or because it was there before, can't be linked,
    finished, verified or undone by a user who does not reach it.
    """
    if _held(subject, _ALL).get("PermissionsModifyAllData"):
        return
    org = subject.salesforce
    models = {
        row["QualifiedApiName"]: row["InternalSharingModel"]
        for row in org.query(
            "SELECT QualifiedApiName, InternalSharingModel FROM EntityDefinition"
            f" WHERE QualifiedApiName IN ({soql_list(subject.objects)})"
        )
    }
    guarded = [
        name for name in subject.objects if models.get(name) and models[name] not in _OPEN | _BY_PARENT
    ]
    if not guarded:
        return
    everything = _modify_all(subject, guarded)
    for name in guarded:
        if name not in everything:
            yield attest(
                f"record access of {name}",
                f"Its org-wide default is {models[name]}, and the integration user lacks Modify All on it:"
                " records of other owners can't be updated, nor finished after they were created.",
                "Give that user Modify All Records on the object for the time of the migration, or see that"
                " sharing rules open every record to it.",
            )


def delete(subject: Subject) -> Iterator[Finding]:
    """What an undo could not delete."""
    kept = [s.salesforce_object for s in subject.shown if not subject.described[s.name].deletable]
    if kept:
        yield note(
            "delete",
            f"The integration user may not delete {', '.join(kept)}: undo would leave what a run created.",
            PERMISSION,
        )


def _held(subject: Subject, names: Sequence[str]) -> dict[str, bool]:
    """Those of the permissions that the org's edition knows -> whether the signed-in user has them."""
    known = subject.salesforce.describe("UserPermissionAccess").fields
    asked = [name for name in names if name in known]
    if not asked:
        return {}
    rows = subject.salesforce.query(f"SELECT {', '.join(asked)} FROM UserPermissionAccess LIMIT 1")
    return {name: bool(rows[0][name]) for name in asked} if rows else {}


def _modify_all(subject: Subject, objects: Sequence[str]) -> set[str]:
    """The objects of which the user may edit every record, by any of its permission sets or its profile."""
    org = subject.salesforce
    assigned = f"SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{org.user_id()}'"
    rows = org.query(
        "SELECT SobjectType FROM ObjectPermissions WHERE PermissionsModifyAllRecords = true"
        f" AND SobjectType IN ({soql_list(objects)}) AND ParentId IN ({assigned})"
    )
    return {row["SobjectType"] for row in rows}
