"""Describe: the schema as clients read it.

Source: REST API guide, "sObject Describe"; recorded answers for the order and the set of keys.
"""

from typing import Any

from sandbox.salesforce.schema.model import ID_TYPES, NUMBER_TYPES, TEXT_TYPES, Field, Schema, SObjectType

_SOAP = {
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "base64": "xsd:base64Binary",
    "address": "urn:address",
    "location": "urn:location",
}
_BYTES_PER_CHARACTER = 3
_LONGEST_FILTERED_TEXT = 255


def urls(sobject: SObjectType, version: str) -> dict[str, str]:
    """Where the object is to be found."""
    root = f"/services/data/{version}/sobjects/{sobject.name}"
    found = {"rowTemplate": f"{root}/{{ID}}", "describe": f"{root}/describe", "sobject": root}
    if sobject.layoutable:
        found["layouts"] = f"{root}/describe/layouts"
    return found


def brief(sobject: SObjectType, version: str) -> dict[str, Any]:
    """What global describe says of an object."""
    ordinary = not sobject.event
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": sobject.createable,
        "custom": sobject.custom,
        "customSetting": sobject.custom_setting,
        "deepCloneable": False,
        "deletable": sobject.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.key_prefix,
        "label": sobject.label,
        "labelPlural": sobject.label_plural,
        "layoutable": sobject.layoutable,
        "mergeable": sobject.name in {"Account", "Contact"},
        "mruEnabled": sobject.layoutable,
        "name": sobject.name,
        "queryable": ordinary,
        "replicateable": sobject.replicateable,
        "retrieveable": ordinary,
        "searchable": sobject.layoutable,
        "triggerable": sobject.layoutable or sobject.event or sobject.name == "AccountContactRelation",
        "undeletable": sobject.deletable and not sobject.custom_setting,
        "updateable": sobject.updateable,
        "urls": urls(sobject, version),
    }


def full(sobject: SObjectType, schema: Schema, version: str) -> dict[str, Any]:
    """What describe says of an object."""
    return {
        "actionOverrides": [],
        "childRelationships": [
            {
                "cascadeDelete": each.field.cascade_delete,
                "childSObject": each.child,
                "deprecatedAndHidden": False,
                "field": each.field.name,
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": each.field.child_relationship,
                "restrictedDelete": each.field.restricted_delete,
            }
            for each in schema.children_of(sobject.name)
        ],
        "compactLayoutable": sobject.layoutable,
        **brief(sobject, version),
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [field(each, sobject) for each in sobject.fields.values()],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [_master_record_type(sobject, version)] if sobject.layoutable else [],
        "searchLayoutable": sobject.layoutable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {sobject.label_plural.lower()}", "name": "everything"}],
    }


def _master_record_type(sobject: SObjectType, version: str) -> dict[str, Any]:
    identifier = "012000000000000AAA"
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": identifier,
        "urls": {"layout": f"/services/data/{version}/sobjects/{sobject.name}/describe/layouts/{identifier}"},
    }


def field(each: Field, sobject: SObjectType) -> dict[str, Any]:
    """What describe says of a field."""
    text = each.type in TEXT_TYPES | ID_TYPES
    long_text = each.type == "textarea" and each.length > _LONGEST_FILTERED_TEXT
    comparable = each.stored and not long_text
    return {
        "aggregatable": comparable and each.type != "boolean",
        "aiPredictionField": False,
        "autoNumber": each.auto_number is not None,
        "byteLength": each.length * (1 if each.type in ID_TYPES else _BYTES_PER_CHARACTER) if text else 0,
        "calculated": each.calculated,
        "calculatedFormula": None,
        "cascadeDelete": each.cascade_delete,
        "caseSensitive": each.case_sensitive,
        "compoundFieldName": each.compound,
        "controllerName": None,
        "createable": each.createable,
        "custom": each.custom,
        "defaultValue": _default(each),
        "defaultValueFormula": None,
        "defaultedOnCreate": each.defaulted_on_create,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": each.digits,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": each.external_id,
        "extraTypeInfo": "plaintextarea" if each.type == "textarea" else None,
        "filterable": comparable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": comparable and each.type not in NUMBER_TYPES | {"datetime"},
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": each.id_lookup,
        "inlineHelpText": None,
        "label": each.label,
        "length": each.length if text else 0,
        "mask": None,
        "maskType": None,
        "name": each.name,
        "nameField": each.name_field,
        "namePointing": each.polymorphic,
        "nillable": each.nillable,
        "permissionable": _permissionable(each, sobject),
        "picklistValues": [
            {
                "active": value.active,
                "defaultValue": value.default or value.value == each.default,
                "label": value.label,
                "validFor": None,
                "value": value.value,
            }
            for value in each.picklist
        ],
        "polymorphicForeignKey": each.polymorphic,
        "precision": each.precision,
        "queryByDistance": False,
        "referenceTargetField": None,
        "referenceTo": list(each.reference_to),
        "relationshipName": each.relationship_name,
        "relationshipOrder": None,
        "restrictedDelete": each.restricted_delete,
        "restrictedPicklist": each.restricted,
        "scale": each.scale,
        "searchPrefilterable": each.type == "reference",
        "soapType": _soap(each),
        "sortable": comparable,
        "type": each.type,
        "unique": each.unique,
        "updateable": each.updateable,
        "writeRequiresMasterRead": False,
    }


def _default(each: Field) -> object:
    if each.type == "boolean":
        return each.default == "true"
    return None


def _soap(each: Field) -> str:
    if each.type in NUMBER_TYPES:
        return "xsd:double"
    return "tns:ID" if each.type in ID_TYPES else _SOAP.get(each.type, "xsd:string")


def _permissionable(each: Field, sobject: SObjectType) -> bool:
    writable = each.createable or each.updateable
    return writable and each.nillable and not sobject.custom_setting and not each.compound
