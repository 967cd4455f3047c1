"""Columns and fields as short as a test needs them."""

from typing import Any

import pandas as pd

from connector.mapping.converters import TEXT, Column
from connector.model.describe import FieldDescribe


def column(*values: str | None) -> Column:
    """A column of a mapping."""
    return pd.Series(list(values), dtype=TEXT)


def values_of(series: Column) -> list[str | None]:
    """A column's values, missing ones as None."""
    return [None if pd.isna(value) else str(value) for value in series]


def field_describe(**changed: Any) -> FieldDescribe:
    """A text field of 255 that may be empty."""
    attributes: dict[str, Any] = {
        "name": "Name",
        "label": "The Label",
        "type": "string",
        "length": 255,
        "nillable": True,
        "defaulted_on_create": False,
        "createable": True,
        "updateable": True,
        "external_id": False,
        "id_lookup": False,
        "unique": False,
        "restricted_picklist": False,
        "picklist_values": (),
        "reference_to": (),
        "relationship_name": None,
    }
    return FieldDescribe(**(attributes | changed))
