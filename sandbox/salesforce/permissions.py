"""What a user may see and write: the schema as that user finds it.

The profile of the integration user gives the standard objects; custom ones come by permission set only, read
from the DX source that a real org would get. A field without field-level security is simply absent.
Source: Salesforce help, "Permission Sets"; Metadata API guide, PermissionSet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.salesforce.schema.model import Field, Schema, SObjectType
from sandbox.salesforce.schema.source_files import children, read, text
from sandbox.salesforce.storage.database import Database

ADMINISTRATOR_PROFILE = "System Administrator"
OWN_PERMISSIONS = "UserPermissionAccess"
_PERMISSION = "Permissions"


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """One permission set: fields and objects that it opens (True where for writing too), and user
    permissions.
    """

    name: str
    label: str
    description: str
    fields: Mapping[str, bool]
    objects: Mapping[str, frozenset[str]]
    user_permissions: frozenset[str]


def permission_sets(source: Path) -> list[PermissionSet]:
    """Every permission set of the DX source."""
    return [
        _permission_set(path) for path in sorted((source / "permissionsets").glob("*.permissionset-meta.xml"))
    ]


def _permission_set(path: Path) -> PermissionSet:
    root = read(path)
    fields = {
        text(each, "field").lower(): text(each, "editable") == "true"
        for each in children(root, "fieldPermissions")
        if text(each, "readable") == "true"
    }
    rights = ("allowCreate", "allowDelete", "allowEdit", "allowRead", "viewAllRecords", "modifyAllRecords")
    objects = {
        text(each, "object").lower(): frozenset(right for right in rights if text(each, right) == "true")
        for each in children(root, "objectPermissions")
    }
    granted = (
        text(each, "name") for each in children(root, "userPermissions") if text(each, "enabled") == "true"
    )
    return PermissionSet(
        name=path.name.removesuffix(".permissionset-meta.xml"),
        label=text(root, "label"),
        description=text(root, "description"),
        fields=fields,
        objects=objects,
        user_permissions=frozenset(granted),
    )


class Access:
    """Answers what a user sees, from the assignments that stand in the org at that moment."""

    def __init__(self, database: Database, sets: Iterable[PermissionSet]) -> None:
        self._database = database
        self._sets = {each.name: each for each in sets}
        self._views: dict[tuple[str, ...], Schema] = {}

    def schema_for(self, user_id: str) -> Schema:
        """The org's schema as the user finds it."""
        if self._is_administrator(user_id):
            return self._database.schema
        names = self._assigned(user_id)
        if names not in self._views:
            self._views[names] = self._view([self._sets[name] for name in names if name in self._sets])
        return self._views[names]

    def may(self, user_id: str, permission: str) -> bool:
        """Whether the user has a user permission such as ``ActivateOrder``."""
        if self._is_administrator(user_id):
            return True
        return any(
            permission in self._sets[n].user_permissions for n in self._assigned(user_id) if n in self._sets
        )

    def show_permissions(self, user_id: str) -> None:
        """Makes the one row of UserPermissionAccess that of a user, who is about to read it."""
        names = [
            each.name
            for each in self._database.schema[OWN_PERMISSIONS].fields.values()
            if each.name.startswith(_PERMISSION)
        ]
        held = [self.may(user_id, name.removeprefix(_PERMISSION)) for name in names]
        with self._database.transaction() as transaction:
            transaction.run(f"DELETE FROM {OWN_PERMISSIONS}")
            columns = ", ".join(("Id", "IsDeleted", *names))
            marks = ", ".join("?" * (len(names) + 2))
            values = [f"{self._database.schema[OWN_PERMISSIONS].key_prefix}{'0' * 12}AAA", False, *held]
            transaction.run(f"INSERT INTO {OWN_PERMISSIONS} ({columns}) VALUES ({marks})", values)

    def sees_all(self, user_id: str, object_name: str) -> bool:
        """Whether the user may view all records of an object."""
        if self.may(user_id, "ViewAllData"):
            return True
        sets = (self._sets[name] for name in self._assigned(user_id) if name in self._sets)
        rights = {right for each in sets for right in each.objects.get(object_name.lower(), ())}
        return bool(rights & {"viewAllRecords", "modifyAllRecords"})

    def _is_administrator(self, user_id: str) -> bool:
        found = self._database.rows(
            'SELECT p.Name FROM "User" u JOIN Profile p ON u.ProfileId = p.Id WHERE u.Id = ?', [user_id]
        )
        return bool(found) and found[0][0] == ADMINISTRATOR_PROFILE

    def _assigned(self, user_id: str) -> tuple[str, ...]:
        found = self._database.rows(
            "SELECT DISTINCT s.Name FROM PermissionSetAssignment a JOIN PermissionSet s ON "
            "a.PermissionSetId = s.Id "
            "WHERE a.AssigneeId = ? AND NOT a.IsDeleted ORDER BY s.Name",
            [user_id],
        )
        return tuple(name for (name,) in found)

    def _view(self, sets: list[PermissionSet]) -> Schema:
        views = (self._object_view(each, sets) for each in self._database.schema)
        return Schema({each.name.lower(): each for each in views if each is not None})

    def _object_view(self, sobject: SObjectType, sets: list[PermissionSet]) -> SObjectType | None:
        seen: dict[str, Field] = {}
        for name, field in sobject.fields.items():
            view = _field_view(f"{sobject.name}.{field.name}".lower(), field, sets, sobject)
            if view is not None:
                seen[name] = view
        shown = replace(sobject, fields=seen)
        if not sobject.custom or sobject.custom_setting:
            return shown
        rights = frozenset[str]().union(
            *(each.objects.get(sobject.name.lower(), frozenset()) for each in sets)
        )
        if "allowRead" not in rights:
            return None
        return replace(
            shown,
            createable=sobject.createable and "allowCreate" in rights,
            updateable=sobject.updateable and "allowEdit" in rights,
            deletable=sobject.deletable and "allowDelete" in rights,
        )


def _field_view(path: str, field: Field, sets: list[PermissionSet], sobject: SObjectType) -> Field | None:
    if (
        not field.custom
        or (not field.nillable and field.type != "boolean")
        or sobject.custom_setting
        or sobject.event
    ):
        return field
    grants = [each.fields[path] for each in sets if path in each.fields]
    if not grants:
        return None
    return field if any(grants) else replace(field, createable=False, updateable=False)
