"""Reads the standard objects from TOML, so that adding one is adding a file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.salesforce.schema.model import Field, PicklistValue, SObjectType

FOLDER = Path(__file__).parent
_COMMON = tomllib.loads((FOLDER / "common.toml").read_text(encoding="utf-8"))
_ACCESS = {"read": (False, False), "create": (True, False), "update": (False, True), "write": (True, True)}

ANY_OBJECT = "*"
"""Stands in ``to`` for a reference to whatever record has a page, as the link of a file has."""


def standard_objects() -> list[SObjectType]:
    """Every object that has a file in ``objects/``, with its system fields."""
    return [_object(path) for path in sorted((FOLDER / "objects").glob("*.toml"))]


def person_account_fields() -> dict[str, dict[str, Field]]:
    """What person accounts add, by object."""
    source = tomllib.loads((FOLDER / "person_accounts.toml").read_text(encoding="utf-8"))
    return {
        name: {field.lower(): field_from(field, spec) for field, spec in fields.items()}
        for name, fields in source.items()
    }


def system_fields() -> dict[str, Field]:
    """Id and the audit fields, keyed by lower-cased name."""
    return {name.lower(): field_from(name, spec) for name, spec in _COMMON["system_fields"].items()}


def field_from(name: str, spec: Mapping[str, Any]) -> Field:
    """One field from its line of TOML; what the line leaves out follows from the type."""
    kind = spec.get("type", "string")
    createable, updateable = _ACCESS[spec.get("access", "write")]
    return Field(
        name=name,
        label=spec["label"],
        type=kind,
        length=spec.get("length", _COMMON["lengths"].get(kind, 0)),
        precision=spec.get("precision", 0),
        scale=spec.get("scale", 0),
        digits=spec.get("digits", 0),
        nillable=spec.get("nillable", True),
        createable=createable,
        updateable=updateable,
        defaulted_on_create=spec.get("defaulted", False),
        default=spec.get("default", "false" if kind == "boolean" else None),
        id_lookup=spec.get("id_lookup", False),
        name_field=spec.get("name_field", False),
        auto_number=spec.get("auto_number"),
        calculated=spec.get("calculated", False),
        restricted=spec.get("restricted", False),
        picklist=tuple(PicklistValue(value, value) for value in spec.get("values", ())),
        reference_to=tuple(spec.get("to", ())),
        relationship_name=spec.get("relationship"),
        child_relationship=spec.get("children"),
        cascade_delete=spec.get("cascade_delete", False),
        restricted_delete=spec.get("restricted_delete", False),
        compound=spec.get("compound"),
    )


def _object(path: Path) -> SObjectType:
    source = tomllib.loads(path.read_text(encoding="utf-8"))
    fields = system_fields() | {
        name.lower(): field_from(name, spec) for name, spec in source["fields"].items()
    }
    return SObjectType(name=path.stem, fields=with_parts(fields), **source["object"])


def with_parts(fields: dict[str, Field]) -> dict[str, Field]:
    """The same fields, their compound fields knowing their components (``street`` -> ``BillingStreet``)."""
    parts: dict[str, dict[str, str]] = {}
    for each in fields.values():
        if each.compound:
            stem = each.compound.removesuffix("Address")
            component = each.name.removeprefix(stem)
            parts.setdefault(each.compound.lower(), {})[component[0].lower() + component[1:]] = each.name
    return {name: _with(each, parts[name]) if name in parts else each for name, each in fields.items()}


def _with(field: Field, parts: Mapping[str, str]) -> Field:
    values = {name: getattr(field, name) for name in Field.__slots__}
    return Field(**{**values, "parts": parts})
