"""Turns text into typed values, column by column, and refuses what the type doesn't allow.

Source: object reference "Field Types"; Bulk API 2.0 guide "Valid CSV Record Rows" and "Valid Date Format in
Records".
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from sandbox.salesforce import identifiers
from sandbox.salesforce.columnar import Array, mask_of
from sandbox.salesforce.columnar import compute as pc
from sandbox.salesforce.dml.rows import Column, RawColumn, RowErrors
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.schema.model import ID_TYPES, NUMBER_TYPES, TEXT_TYPES, Field
from sandbox.salesforce.storage.columns import arrow_type

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_EMAIL = rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})+$"
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_INTEGER = r"^[+-]?\d+(?:\.0*)?$"
_DATE = r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:Z|[+-]\d{2}:?\d{2}|T.*)?$"
_DATETIME = r"^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?)?$"
_TRUE, _FALSE = ["true", "1"], ["false", "0"]


def typed(column: RawColumn, errors: RowErrors) -> Column:
    """The column with values of its field's Arrow type. Rows that don't fit are refused."""
    field = column.heading.field
    kind = field.type
    if kind in TEXT_TYPES:
        values = _text(field, column.text, errors)
    elif kind in ID_TYPES:
        values = _ids(field, column.text, errors)
    elif kind == "boolean":
        values = _booleans(field, column.text, errors)
    elif kind in NUMBER_TYPES or kind == "int":
        values = _numbers(field, column.text, errors)
    else:
        values = _moments(field, column.text, errors)
    return Column(field, values, column.given)


def _places(mask: Array) -> list[int]:
    return np.flatnonzero(mask_of(mask)).tolist()


def _refuse(mask: Array, text: Array, errors: RowErrors, error: Callable[[str], RowError]) -> None:
    errors.add_all(_places(mask), lambda row: error(text[row].as_py()))


def _text(field: Field, text: Array, errors: RowErrors) -> Array:
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    if field.length:
        too_long = pc.greater(pc.utf8_length(text), field.length)
        _refuse(
            too_long,
            text,
            errors,
            lambda value: RowError(
                "STRING_TOO_LONG",
                f"{field.label}: data value too large: {value} (max length={field.length})",
                (field.name,),
            ),
        )
    if field.type == "email":
        wrong = pc.invert(pc.match_substring_regex(text, _EMAIL))
        _refuse(
            wrong,
            text,
            errors,
            lambda value: RowError(
                "INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {value}", (field.name,)
            ),
        )
    if field.restricted:
        _restricted(field, text, errors)
    return text


def _restricted(field: Field, text: Array, errors: RowErrors) -> None:
    choices = pa.array([each.value for each in field.picklist if each.active], pa.string())
    if field.type == "multipicklist":
        known = set(choices.to_pylist())
        wrong = pa.array(
            [value is not None and not known.issuperset(value.split(";")) for value in text.to_pylist()]
        )
    else:
        wrong = pc.and_(pc.is_valid(text), pc.invert(pc.is_in(text, choices)))
    _refuse(
        wrong,
        text,
        errors,
        lambda value: RowError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.label}: bad value for restricted picklist field: {value}",
            (field.name,),
        ),
    )


def _ids(field: Field, text: Array, errors: RowErrors) -> Array:
    given = text.to_pylist()
    ids = identifiers.normalised_array(given)
    for row, (before, after) in enumerate(zip(given, ids, strict=True)):
        if after is None and before:
            errors.add(
                row,
                RowError(
                    "MALFORMED_ID", f"{field.label}: id value of incorrect type: {before}", (field.name,)
                ),
            )
    return pa.array(ids, pa.string())


def _wrong_type(field: Field) -> Callable[[str], RowError]:
    return lambda value: RowError(
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        f"{field.label}: value not of required type: {value}",
        (field.name,),
    )


def _booleans(field: Field, text: Array, errors: RowErrors) -> Array:
    lowered = pc.utf8_lower(text)
    true = pc.is_in(lowered, pa.array(_TRUE))
    known = pc.or_(true, pc.is_in(lowered, pa.array(_FALSE)))
    _refuse(pc.and_(pc.is_valid(text), pc.invert(known)), text, errors, _wrong_type(field))
    values: Array = true
    return values


def _numbers(field: Field, text: Array, errors: RowErrors) -> Array:
    matches = pc.match_substring_regex(text, _INTEGER if field.type == "int" else _NUMBER)
    _refuse(pc.invert(matches), text, errors, _wrong_type(field))
    numbers = pc.cast(pc.if_else(matches, text, pa.scalar(None, pa.string())), pa.float64())
    digits = field.digits or max(field.precision - field.scale, 0)
    if digits:
        outside = pc.greater_equal(pc.abs(numbers), 10.0**digits)
        _refuse(
            outside,
            text,
            errors,
            lambda value: RowError(
                "NUMBER_OUTSIDE_VALID_RANGE",
                f"{field.label}: value outside of valid range on numeric field: {value}",
                (field.name,),
            ),
        )
        numbers = pc.if_else(outside, pa.scalar(None, pa.float64()), numbers)
    values: Array = pc.cast(numbers, arrow_type(field), safe=False)
    return values


def _moments(field: Field, text: Array, errors: RowErrors) -> Array:
    date_only = field.type == "date"
    matches = pc.match_substring_regex(text, _DATE if date_only else _DATETIME)
    wrong = mask_of(pc.invert(matches))
    values = _parsed_dates(text) if date_only else _parsed_moments(text, matches)
    unparsed = mask_of(pc.and_(pc.is_valid(text), pc.is_null(values)))
    _refuse(pa.array(wrong | unparsed), text, errors, _wrong_type(field))
    return values


def _parsed_dates(text: Array) -> Array:
    days = pc.utf8_slice_codeunits(text, 0, 10)
    moments = pc.strptime(days, format="%Y-%m-%d", unit="s", error_is_null=True)
    dates = pc.cast(moments, pa.date32())
    same = pc.equal(pc.strftime(moments, format="%Y-%m-%d"), days)
    values: Array = pc.if_else(same, dates, pa.scalar(None, pa.date32()))
    return values


def _parsed_moments(text: Array, matches: Array) -> Array:
    clean = pc.if_else(matches, text, pa.scalar(None, pa.string()))
    zoned = pc.replace_substring_regex(clean, r"([+-]\d{2})(\d{2})$", r"\1:\2")
    bare = pc.match_substring_regex(zoned, r"(?:Z|[+-]\d{2}:\d{2})$")
    full = pc.if_else(bare, zoned, pc.binary_join_element_wise(zoned, "Z", ""))
    dated = pc.if_else(pc.match_substring(full, "T"), full, pc.replace_substring(full, "Z", "T00:00:00Z"))
    try:
        values: Array = pc.cast(pc.cast(dated, pa.timestamp("ms", "UTC")), pa.timestamp("ms"))
    except pa.ArrowInvalid:
        return pa.array([_one_moment(value) for value in dated.to_pylist()], pa.timestamp("ms"))
    return values


def _one_moment(value: str | None) -> int | None:
    if value is None:
        return None
    try:
        moment = pc.cast(pa.scalar(value), pa.timestamp("ms", "UTC"))
    except pa.ArrowInvalid:
        return None
    return int(moment.value)
