"""Reads custom fields, objects, events and settings from Salesforce DX source.

The same files would be deployed to a real org, so the sandbox and the org can't drift apart.
Source: Metadata API developer guide, CustomObject and CustomField.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from sandbox.salesforce.schema.model import Field, PicklistValue, SObjectType
from sandbox.salesforce.schema.standard import field_from, system_fields

_NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
_TYPES = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Lookup": "reference",
    "MasterDetail": "reference",
    "Date": "date",
    "DateTime": "datetime",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Checkbox": "boolean",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
}
_DEFAULT_LENGTHS = {
    "TextArea": 255,
    "Email": 80,
    "Phone": 40,
    "Url": 255,
    "Picklist": 255,
    "Lookup": 18,
    "MasterDetail": 18,
}


@dataclass(frozen=True, slots=True)
class CustomObject:
    """A custom object before it has a key prefix: that is given by the org."""

    name: str
    label: str
    label_plural: str
    custom_setting: bool
    event: bool
    fields: dict[str, Field]

    def as_type(self, key_prefix: str) -> SObjectType:
        """The object as the org knows it."""
        return SObjectType(
            name=self.name,
            label=self.label,
            label_plural=self.label_plural,
            key_prefix=key_prefix,
            fields=self.fields,
            custom=True,
            custom_setting=self.custom_setting,
            event=self.event,
            updateable=not self.event,
            deletable=not self.event,
            layoutable=not (self.custom_setting or self.event),
            replicateable=not self.event,
        )


def read(path: Path) -> ET.Element:
    """The root of a metadata file."""
    return ET.parse(path).getroot()  # noqa: S314 (our own files)


def text(element: ET.Element, tag: str, default: str = "") -> str:
    """The text of a child element, or the default."""
    return element.findtext(_NAMESPACE + tag, default)


def children(element: ET.Element, path: str) -> list[ET.Element]:
    """The elements at a path such as ``valueSet/valueSetDefinition/value``."""
    return element.findall("/".join(_NAMESPACE + part for part in path.split("/")))


def custom_fields(source: Path) -> Iterator[tuple[str, Field]]:
    """Every custom field of a standard object, with the object's name."""
    for path in sorted((source / "objects").glob("*/fields/*.field-meta.xml")):
        owner = path.parent.parent.name
        if not owner.endswith(("__c", "__e")):
            yield owner, field_of(read(path))


def custom_objects(source: Path) -> Iterator[CustomObject]:
    """Every custom object, custom setting and platform event."""
    for path in sorted((source / "objects").glob("*/*.object-meta.xml")):
        yield _object(path)


def field_of(element: ET.Element) -> Field:
    """One custom field from its metadata."""
    name, kind = text(element, "fullName"), text(element, "type")
    mandatory = text(element, "required") == "true" or kind == "MasterDetail"
    unique, external = text(element, "unique") == "true", text(element, "externalId") == "true"
    relationship = name.removesuffix("__c") + "__r" if kind in {"Lookup", "MasterDetail"} else None
    child = text(element, "relationshipName")
    checkbox = kind == "Checkbox"
    return Field(
        name=name,
        label=text(element, "label"),
        type=_TYPES[kind],
        length=int(text(element, "length") or _DEFAULT_LENGTHS.get(kind, 0)),
        precision=int(text(element, "precision", "0")),
        scale=int(text(element, "scale", "0")),
        nillable=not (mandatory or checkbox),
        defaulted_on_create=checkbox,
        default=text(element, "defaultValue") or ("false" if checkbox else None),
        external_id=external,
        id_lookup=external,
        unique=unique,
        case_sensitive=text(element, "caseSensitive") == "true",
        custom=True,
        restricted=text(_first(element, "valueSet"), "restricted") == "true",
        picklist=tuple(_choices(element)),
        reference_to=tuple(filter(None, [text(element, "referenceTo")])),
        relationship_name=relationship,
        child_relationship=f"{child}__r" if child else None,
        cascade_delete=kind == "MasterDetail" or text(element, "deleteConstraint") == "Cascade",
        restricted_delete=text(element, "deleteConstraint") == "Restrict",
    )


def _first(element: ET.Element, tag: str) -> ET.Element:
    found = element.find(_NAMESPACE + tag)
    return ET.Element(tag) if found is None else found


def _choices(element: ET.Element) -> Iterator[PicklistValue]:
    for each in children(element, "valueSet/valueSetDefinition/value"):
        yield PicklistValue(
            text(each, "fullName"), text(each, "label"), default=text(each, "default") == "true"
        )


def _object(path: Path) -> CustomObject:
    element, name = read(path), path.parent.name
    setting, event = bool(text(element, "customSettingsType")), name.endswith("__e")
    fields = _leading_fields(element, setting=setting, event=event)
    for file in sorted((path.parent / "fields").glob("*.field-meta.xml")):
        found = field_of(read(file))
        fields[found.name.lower()] = found
    return CustomObject(
        name=name,
        label=text(element, "label"),
        label_plural=text(element, "pluralLabel") or text(element, "label"),
        custom_setting=setting,
        event=event,
        fields=fields,
    )


def _leading_fields(element: ET.Element, *, setting: bool, event: bool) -> dict[str, Field]:
    if event:
        specs: dict[str, dict[str, Any]] = {
            "ReplayId": {"label": "Replay ID", "access": "read"},
            "CreatedDate": {"label": "Created Date", "type": "datetime", "access": "read", "nillable": False},
            "CreatedById": {"label": "Created By ID", "type": "reference", "to": ["User"], "access": "read"},
            "EventUuid": {"label": "Event UUID", "access": "read"},
        }
        return {name.lower(): field_from(name, spec) for name, spec in specs.items()}
    fields = system_fields()
    if setting:
        fields["name"] = field_from(
            "Name", {"label": "Name", "length": 80, "name_field": True, "defaulted": True}
        )
        owner = {
            "label": "Location",
            "type": "reference",
            "to": ["Organization", "Profile", "User"],
            "relationship": "SetupOwner",
            "nillable": False,
            "defaulted": True,
            "access": "create",
        }
        fields["setupownerid"] = field_from("SetupOwnerId", owner)
        return fields
    owner = {
        "label": "Owner ID",
        "type": "reference",
        "to": ["Group", "User"],
        "relationship": "Owner",
        "nillable": False,
        "defaulted": True,
    }
    fields["ownerid"] = field_from("OwnerId", owner)
    fields["name"] = _name_field(_first(element, "nameField"))
    return fields


def _name_field(element: ET.Element) -> Field:
    label, pattern = text(element, "label"), text(element, "displayFormat")
    spec: dict[str, Any] = {
        "label": label,
        "length": 80,
        "name_field": True,
        "defaulted": True,
        "id_lookup": True,
    }
    if text(element, "type") == "AutoNumber":
        spec |= {"access": "read", "auto_number": pattern, "nillable": False}
    return field_from("Name", spec)
