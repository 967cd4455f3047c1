"""Refuses JSON values of a type that a field can't take. CSV knows only text; JSON doesn't get away with it.

Source: answers reported from the field: a picklist from START_ARRAY, a string from START_OBJECT, a boolean
from VALUE_STRING ``FALSE``, ``0`` and ``yes``, a number, date or datetime from a VALUE_STRING that is none.
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.dml.rows import RawColumn, RowErrors
from sandbox.salesforce.dml.values import typed
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema.model import ID_TYPES, NUMBER_TYPES, TEXT_TYPES, Field

_NOWHERE = "[Source: N/A; line: -1, column: -1][line:-1, column:-1]"


def text_of(value: Any, name: str, field: Field, source: str) -> str | None:
    """A JSON value as the text that a CSV would hold; ``name`` is how the body ``source`` calls the field.

    Raises:
        ApiError: 400 ``JSON_PARSER_ERROR``.
    """
    if value is None:
        return None
    event, text = _event(value)
    if not _fits(event, text, field):
        raise wrong_type(event, text, name, field, source)
    return text


def check_texts(column: RawColumn, name: str, source: str) -> None:
    """Refuses texts that are no number or no date where one belongs.

    Raises:
        ApiError: 400 ``JSON_PARSER_ERROR``.
    """
    field = column.heading.key or column.heading.field
    if field.type in TEXT_TYPES | ID_TYPES:
        return
    errors = RowErrors(len(column.text))
    typed(column, errors)
    for row, error in errors.by_row.items():
        if error.code == "INVALID_TYPE_ON_FIELD_IN_RECORD":
            raise wrong_type("VALUE_STRING", column.text[row].as_py(), name, field, source)


def wrong_type(event: str, text: str, name: str, field: Field, source: str) -> ApiError:
    """The platform's complaint about a value, in the words of its JSON parser."""
    kind = field.type
    if event == "START_ARRAY":
        message = f"Cannot deserialize instance of {kind} from START_ARRAY value {_place(name, source)}"
    else:
        message = (
            f"Cannot deserialize instance of {kind} from {event} value {text} or request may be missing a "
            f"required field at {_place(name, source)}"
        )
    return ApiError(400, "JSON_PARSER_ERROR", message)


def _event(value: Any) -> tuple[str, str]:
    """What the platform's parser calls a value, and the value as it is shown."""
    if isinstance(value, bool):
        return ("VALUE_TRUE", "true") if value else ("VALUE_FALSE", "false")
    if isinstance(value, int):
        return "VALUE_NUMBER_INT", str(value)
    if isinstance(value, float):
        return "VALUE_NUMBER_FLOAT", str(value)
    if isinstance(value, Mapping):
        return "START_OBJECT", "{"
    return ("START_ARRAY", "[") if isinstance(value, list) else ("VALUE_STRING", str(value))


def _fits(event: str, text: str, field: Field) -> bool:
    number = field.type in NUMBER_TYPES or field.type == "int"
    if event == "VALUE_STRING":
        if field.type == "boolean":
            return text in {"true", "false"}
        return bool(text) or field.type in TEXT_TYPES | ID_TYPES
    if event in {"VALUE_TRUE", "VALUE_FALSE"}:
        return field.type == "boolean"
    return number and event.startswith("VALUE_NUMBER")


def _place(name: str, source: str) -> str:
    """Where the value stands, counted from 1; in a body of several records the platform doesn't say."""
    found = list(re.finditer(rf'"{re.escape(name)}"\s*:\s*', source))
    if len(found) != 1:
        return _NOWHERE
    before = source[: found[0].end()]
    return f"[line:{before.count(chr(10)) + 1}, column:{len(before) - before.rfind(chr(10))}]"
