"""Records in JSON to columns of a save.

Source: REST API guide, "Create a Record", "Using Relationships in Records".
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sandbox.salesforce.bulk.headings import relationship_heading
from sandbox.salesforce.dml.rows import Heading, RawColumn
from sandbox.salesforce.errors import ApiError, JobFailedError
from sandbox.salesforce.schema.model import Schema, SObjectType
from sandbox.salesforce.web.json_types import check_texts, text_of

Body = Mapping[str, Any]


def columns_of(
    sobject: SObjectType, schema: Schema, bodies: Sequence[Body], source: bytes
) -> list[RawColumn]:
    """One column for every field that any of the records names; ``source`` is what the client sent.

    Raises:
        ApiError: 400, a record names a field that isn't there or has a value of the wrong form.
    """
    headings: dict[str, Heading] = {}
    sent = source.decode("utf-8", "replace")
    flat = [_flattened(sobject, schema, body, headings, sent) for body in bodies]
    columns = [_column(heading, name, flat) for name, heading in headings.items()]
    for column in columns:
        check_texts(column, column.heading.text, sent)
    return columns


def _flattened(
    sobject: SObjectType, schema: Schema, body: Body, headings: dict[str, Heading], sent: str
) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for name, value in body.items():
        if name == "attributes":
            continue
        if isinstance(value, Mapping) and sobject.field(name) is None:
            heading, content = _relationship(sobject, schema, name, value)
        else:
            heading, content = _field(sobject, name), value
        key = heading.text.lower()
        headings.setdefault(key, heading)
        values[key] = text_of(content, name, heading.key or heading.field, sent)
    return values


def _field(sobject: SObjectType, name: str) -> Heading:
    field = sobject.field(name)
    if field is None or not field.stored:
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
    return Heading(field.name, field)


def _relationship(sobject: SObjectType, schema: Schema, name: str, value: Body) -> tuple[Heading, Any]:
    reference = sobject.reference_named(name)
    keys = [each for each in value if each != "attributes"]
    if reference is None or len(keys) != 1:
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
    kind = value.get("attributes", {}).get("type") or reference.reference_to[0]
    prefix = f"{kind}:" if reference.polymorphic else ""
    try:
        heading = relationship_heading(sobject, schema, f"{prefix}{name}.{keys[0]}")
    except JobFailedError:
        message = f"{keys[0]} not an External Id or indexed field for {kind}"
        raise ApiError(400, "INVALID_FIELD", message) from None
    return heading, value[keys[0]]


def _column(heading: Heading, name: str, flat: Sequence[Mapping[str, str | None]]) -> RawColumn:
    given = np.array([name in values for values in flat], dtype=np.bool_)
    texts = [values.get(name) or None for values in flat]
    return RawColumn(heading, pa.array(texts, pa.string()), given)


def file_body(body: dict[str, Any]) -> bytes:
    """Takes the base64 content of a file out of its record.

    Raises:
        ApiError: 400, it isn't base64.
    """
    try:
        return base64.b64decode(str(body.pop("VersionData")), validate=True)
    except binascii.Error:
        raise ApiError(
            400, "JSON_PARSER_ERROR", "Cannot deserialize instance of base64 from VALUE_STRING"
        ) from None


def multipart(content_type: str, body: bytes) -> dict[str, bytes]:
    """The parts of a multipart body by their names.

    Raises:
        ApiError: 400, it has no boundary.
    """
    _, _, rest = content_type.partition("boundary=")
    boundary = rest.partition(";")[0].strip().strip('"')
    if not boundary:
        raise ApiError(400, "INVALID_MULTIPART_REQUEST", "Missing boundary")
    parts: dict[str, bytes] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        head, separator, content = part.partition(b"\r\n\r\n")
        if not separator:
            continue
        parts[_part_name(head.decode("utf-8", "replace"))] = content
    return parts


def _part_name(head: str) -> str:
    for line in head.split("\r\n"):
        if line.lower().startswith("content-disposition:"):
            _, _, rest = line.partition("name=")
            return rest.partition(";")[0].strip().strip('"')
    return ""
