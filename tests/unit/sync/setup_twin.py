"""What an org's setup says in memory: permissions, sharing, rules, users and queues."""

import re
from typing import Any

from connector.model.describe import ObjectDescribe
from tests.unit.mapping.mapping_columns import field_describe

PERMISSIONS = (
    "PermissionsApiEnabled",
    "PermissionsActivateContract",
    "PermissionsActivateOrder",
    "PermissionsCustomizeApplication",
    "PermissionsViewSetup",
    "PermissionsViewAllData",
    "PermissionsModifyAllData",
)


def permissions_described() -> ObjectDescribe:
    """UserPermissionAccess as an org describes it."""
    fields = {name: field_describe(name=name, type="boolean") for name in PERMISSIONS}
    return ObjectDescribe("UserPermissionAccess", createable=False, updateable=False, fields=fields)


class SetupTwin:
    """Rows by object. A query gets all rows of its object; conditions are the contract test's.

    Users and queues are chosen by the names in the query, as the product looks them up by name.
    """

    def __init__(self) -> None:
        self.by_object: dict[str, list[dict[str, Any]]] = {
            "Organization": [{"Name": "Aroha", "OrganizationType": "Enterprise Edition", "IsSandbox": False}],
            "UserPermissionAccess": [dict.fromkeys(PERMISSIONS, True) | {"PermissionsModifyAllData": False}],
            "EntityDefinition": [],
            "ObjectPermissions": [],
            "DuplicateRule": [],
            "FlowDefinitionView": [],
            "User": [],
            "Group": [],
            "QueueSobject": [],
        }

    def add_user(self, number: int, name: str, *, active: bool = True) -> str:
        """A user; returns its id."""
        record_id = f"005{number:012}AAA"
        self.by_object["User"].append({"Id": record_id, "Username": name, "IsActive": active})
        return record_id

    def add_queue(self, number: int, name: str, *objects: str) -> str:
        """A queue that takes these objects; returns its id."""
        record_id = f"00G{number:012}AAA"
        self.by_object["Group"].append({"Id": record_id, "DeveloperName": name})
        self.by_object["QueueSobject"] += [{"QueueId": record_id, "SobjectType": each} for each in objects]
        return record_id

    def rows(self, soql: str) -> list[dict[str, Any]] | None:
        """None where the query is about something else."""
        asked = re.search(r" FROM (\w+)", soql)
        assert asked, soql
        known = self.by_object.get(asked[1])
        if known is None or asked[1] != "User":
            return known
        if "IsActive = false" in soql:
            return [row for row in known if not row["IsActive"]]
        return [row for row in known if f"'{row['Username'].lower()}'" in soql.lower()]
