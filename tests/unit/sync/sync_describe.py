"""Objects as an org with our package describes them."""

from typing import Any

from connector.mapping.flags import GONE, GONE_ON
from connector.mapping.ownership import OWNER_FIELD
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, FieldType
from connector.model.describe import FieldDescribe, ObjectDescribe


def described(spec: EntitySpec, **changed: dict[str, Any]) -> ObjectDescribe:
    """An object as an org with our package describes it; `changed` replaces attributes of single fields."""
    names = [EXTERNAL_ID, *(field.api_name for field in spec.fields), *(p.field for p in spec.parents)]
    names += [GONE, GONE_ON]
    names += [OWNER_FIELD] if spec.ownership and OWNER_FIELD not in names else []
    types = {field.api_name: field.type for field in spec.fields}
    types |= {GONE: FieldType.BOOLEAN, GONE_ON: FieldType.DATE}
    parents = {parent.field: parent for parent in spec.parents}
    fields = {}
    for name in names:
        attributes: dict[str, Any] = {
            "name": name,
            "label": name,
            "type": "string",
            "length": 0 if types.get(name) in {FieldType.DATE, FieldType.BOOLEAN} else 255,
            "nillable": True,
            "defaulted_on_create": False,
            "createable": True,
            "updateable": True,
            "external_id": name == EXTERNAL_ID,
            "id_lookup": name == EXTERNAL_ID,
            "unique": name == EXTERNAL_ID,
            "restricted_picklist": False,
            "picklist_values": (),
            "reference_to": (),
            "relationship_name": None,
        }
        if name == OWNER_FIELD:
            attributes |= {"type": "reference", "length": 18, "reference_to": ("User",)}
        if name in parents:
            attributes |= {"type": "reference", "relationship_name": name.removesuffix("Id"), "length": 18}
        fields[name] = FieldDescribe(**(attributes | changed.get(name, {})))
    return ObjectDescribe(spec.salesforce_object, createable=True, updateable=True, fields=fields)
