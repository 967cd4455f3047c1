"""What describe says of an object, as the product's own noun.

Source: REST API Developer Guide, "sObject Describe". A field that the user has no access to is left out.
"""

from collections.abc import Mapping
from typing import Any

from connector.model.describe import ChildRelationship, FieldDescribe, ObjectDescribe, RecordType


def object_describe(answer: Mapping[str, Any]) -> ObjectDescribe:
    """The answer of `/sobjects/<name>/describe`."""
    return ObjectDescribe(
        name=answer["name"],
        createable=answer["createable"],
        updateable=answer["updateable"],
        fields={field["name"]: _field_describe(field) for field in answer["fields"]},
        deletable=answer["deletable"],
        children=tuple(
            ChildRelationship(child["childSObject"], child["field"])
            for child in answer.get("childRelationships") or ()
            if not child.get("deprecatedAndHidden", False)
        ),
        record_types=tuple(
            RecordType(each["name"], each["available"], each["defaultRecordTypeMapping"])
            for each in answer.get("recordTypeInfos") or ()
            if each.get("active", True) and not each.get("master", False)
        ),
    )


def _field_describe(field: Mapping[str, Any]) -> FieldDescribe:
    picklist = [each for each in field.get("picklistValues") or () if each.get("active", True)]
    return FieldDescribe(
        name=field["name"],
        label=field["label"],
        type=field["type"],
        length=field.get("length", 0),
        nillable=field["nillable"],
        defaulted_on_create=field["defaultedOnCreate"],
        createable=field["createable"],
        updateable=field["updateable"],
        external_id=field.get("externalId", False),
        id_lookup=field.get("idLookup", False),
        unique=field.get("unique", False),
        restricted_picklist=field.get("restrictedPicklist", False),
        picklist_values=tuple(choice["value"] for choice in picklist),
        reference_to=tuple(field.get("referenceTo") or ()),
        relationship_name=field.get("relationshipName"),
        case_sensitive=field.get("caseSensitive", False),
        picklist_labels=tuple(choice.get("label") or choice["value"] for choice in picklist),
    )
