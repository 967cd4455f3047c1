"""What stands in an org before anybody loads data: itself, its users, its price book, its code."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from sandbox.salesforce.clock import Clock
from sandbox.salesforce.dml import write
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import RowErrors, Rows
from sandbox.salesforce.permissions import ADMINISTRATOR_PROFILE, PermissionSet
from sandbox.salesforce.schema.source_files import read, text
from sandbox.salesforce.storage.columns import arrow_type
from sandbox.salesforce.storage.database import Database

INTEGRATION_PROFILE = "Minimum Access - API Only Integrations"


@dataclass(frozen=True, slots=True)
class Standing:
    """The records that the org itself needs to know."""

    organization_id: str
    integration_user_id: str
    username: str
    administrator_id: str
    administrator: str
    """The administrator's username."""


class Population:
    """Writes the first records, or finds them again in an org that is kept in a file."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def settle(self, sets: list[PermissionSet], source: Path) -> Standing:
        """The org's own records, made if this is a new org."""
        found = self._database.rows("SELECT Id FROM Organization")
        if not found:
            self._found_org(sets, source)
        ((organization,),) = self._database.rows("SELECT Id FROM Organization")
        users = {
            alias: (record, name)
            for record, name, alias in self._database.rows('SELECT Id, Username, Alias FROM "User"')
        }
        integration, username = users["integr"]
        return Standing(organization, integration, username, *users["admin"])

    def _found_org(self, sets: list[PermissionSet], source: Path) -> None:
        mark = secrets.token_hex(4)
        self.add(
            "Organization",
            Name="Aroha Energy",
            Country="NZ",
            OrganizationType="Enterprise Edition",
            InstanceName="NZ1S",
            IsSandbox=False,
            DefaultLocaleSidKey="en_NZ",
            TimeZoneSidKey="Pacific/Auckland",
            LanguageLocaleKey="en_US",
        )
        administrators = self.add(
            "Profile", Name=ADMINISTRATOR_PROFILE, UserType="Standard", PermissionsApiEnabled=True
        )
        integrations = self.add(
            "Profile", Name=INTEGRATION_PROFILE, UserType="Standard", PermissionsApiEnabled=True
        )
        self._add_user("admin", "Olive", "Admin", administrators, mark)
        integration = self._add_user("integr", "Gentrack", "Integration", integrations, mark)
        for each in sets:
            self._grant(each, integration)
        self.add("Pricebook2", Name="Standard Price Book", IsActive=True, IsStandard=True)
        self._define_objects()
        for path in sorted((source / "triggers").glob("*.trigger")):
            self._add_trigger(path)

    def _define_objects(self) -> None:
        """EntityDefinition for every object; custom ones have a definition whose id is told elsewhere."""
        for each in self._database.schema:
            if each.event:
                continue
            name = each.name.removesuffix("__c")
            durable = self.add("CustomObject", DeveloperName=name) if each.custom else each.name
            self.add(
                "EntityDefinition",
                DurableId=durable[:15] if each.custom else durable,
                QualifiedApiName=each.name,
                DeveloperName=name,
                Label=each.label,
                KeyPrefix=each.key_prefix,
                InternalSharingModel="ReadWrite",
            )

    def definition_of(self, object_name: str) -> str:
        """How lists of what an org is made of call an object: by its name, a custom one by an id."""
        ((durable,),) = self._database.rows(
            "SELECT DurableId FROM EntityDefinition WHERE QualifiedApiName = ?", [object_name]
        )
        return str(durable)

    def _add_user(self, alias: str, first: str, last: str, profile: str, mark: str) -> str:
        name = f"{first}.{last}.{mark}@sandbox.example".lower()
        return self.add(
            "User",
            Username=name,
            Email=name,
            FirstName=first,
            LastName=last,
            Name=f"{first} {last}",
            Alias=alias,
            CommunityNickname=f"{alias}{mark}",
            ProfileId=profile,
            TimeZoneSidKey="GMT",
            LocaleSidKey="en_NZ",
            EmailEncodingKey="UTF-8",
            LanguageLocaleKey="en_US",
        )

    def _grant(self, each: PermissionSet, user: str) -> None:
        flags = {
            f"Permissions{name}": name in each.user_permissions
            for name in (
                "ApiEnabled",
                "ActivateOrder",
                "ActivateContract",
                "BulkApiHardDelete",
                "QueryAllFiles",
            )
        }
        granted = self.add(
            "PermissionSet",
            Name=each.name,
            Label=each.label,
            Description=each.description,
            IsCustom=True,
            **flags,
        )
        self.add("PermissionSetAssignment", AssigneeId=user, PermissionSetId=granted)
        for name, rights in each.objects.items():
            self.add(
                "ObjectPermissions",
                ParentId=granted,
                SobjectType=self._database.schema[name].name,
                PermissionsCreate="allowCreate" in rights,
                PermissionsRead="allowRead" in rights,
                PermissionsEdit="allowEdit" in rights,
                PermissionsDelete="allowDelete" in rights,
                PermissionsViewAllRecords="viewAllRecords" in rights,
                PermissionsModifyAllRecords="modifyAllRecords" in rights,
            )

    def _add_trigger(self, path: Path) -> None:
        body = path.read_text(encoding="utf-8")
        declaration = next(line for line in body.splitlines() if line.startswith("trigger "))
        _, name, _, rest = declaration.split(" ", 3)
        events = rest.partition("(")[2].partition(")")[0]
        usage = {
            f"Usage{moment.title()}{operation.title()}": f"{moment} {operation}" in events
            for moment in ("before", "after")
            for operation in ("insert", "update", "delete")
        }
        meta = read(path.with_name(path.name + "-meta.xml"))
        self.add(
            "ApexTrigger",
            Name=name,
            TableEnumOrId=rest.partition("(")[0].strip(),
            Status=text(meta, "status"),
            ApiVersion=float(text(meta, "apiVersion")),
            Body=body,
            IsValid=True,
            LengthWithoutComments=len(body),
            **usage,
        )

    def add(self, object_name: str, **values: object) -> str:
        """Writes one record of the org's own, past all rules; returns its id."""
        sobject = self._database.schema[object_name]
        rows = Rows(sobject, np.arange(1), {}, RowErrors(1))
        for name, value in values.items():
            field = sobject.fields[name.lower()]
            rows.put(field, pa.array([value], arrow_type(field)))
        with self._database.transaction() as transaction:
            context = SaveContext(self._database, transaction, self._database.schema, "", self._clock.stamp())
            write.put_defaults(context, rows)
            write.create(context, rows)
        if rows.ids is None:
            raise ValueError(f"{object_name} was not written")
        return str(rows.ids[0])
