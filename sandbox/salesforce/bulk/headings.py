"""Header rows: which field each column is, and which parent a relationship column names.

Source: Bulk API 2.0 guide, "Relationship Fields in a Header Row"; error texts as reported from the field.
"""

from collections.abc import Sequence

from sandbox.salesforce.dml.rows import Heading
from sandbox.salesforce.errors import JobFailedError
from sandbox.salesforce.schema.model import Schema, SObjectType


def read_headings(
    sobject: SObjectType, schema: Schema, names: Sequence[str], operation: str
) -> list[Heading]:
    """The meaning of every column.

    Raises:
        JobFailedError: a column is no field that the user can see; only the first is named.
    """
    if operation in {"delete", "hardDelete"} and [name.lower() for name in names] != ["id"]:
        raise JobFailedError(f"InvalidBatch : The '{operation}' batch must contain only ids")
    return [_heading(sobject, schema, name) for name in names]


def _unknown(name: str) -> JobFailedError:
    return JobFailedError(f"InvalidBatch : Field name not found : {name}")


def _heading(sobject: SObjectType, schema: Schema, name: str) -> Heading:
    if "." in name:
        return relationship_heading(sobject, schema, name)
    field = sobject.field(name)
    if field is None or not field.stored:
        raise _unknown(name)
    return Heading(name, field)


def relationship_heading(sobject: SObjectType, schema: Schema, name: str) -> Heading:
    """A column such as ``Account.Gentrack_External_Id__c``, or ``User:Owner.Username`` where the parent
    may be several.
    """
    path, _, key_name = name.rpartition(".")
    kind, separator, relationship = path.rpartition(":")
    reference = sobject.reference_named(relationship)
    if reference is None:
        raise _unknown(name)
    if separator and not reference.polymorphic:
        text = f"InvalidBatch : type is not needed for non polymorphic foreign key references: {relationship}"
        raise JobFailedError(text)
    if reference.polymorphic and not separator:
        raise JobFailedError(
            f"InvalidBatch : type is needed for polymorphic foreign key references: {relationship}"
        )
    parent = schema.get(kind if separator else reference.reference_to[0])
    key = None if parent is None else parent.field(key_name)
    if parent is None or key is None or parent.name not in reference.reference_to or not key.upsert_key:
        raise _unknown(name)
    return Heading(name, reference, parent, key)
