"""What became of one record that was written by REST: a value for each, never an exception."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class SaveAs(StrEnum):
    """How records are written. All of them may be repeated when an answer is lost."""

    UPSERT = "upsert"
    """Found or made by their external id."""
    UPDATE = "update"
    """By their Salesforce ids."""
    DELETE = "delete"
    """By their Salesforce ids."""


@dataclass(frozen=True)
class Save:
    """Up to 200 records of one object to be written at once, each for itself.

    A record has its fields by API name, `Id` for an update, the key field for an upsert; of a delete only
    `Id` counts.
    """

    sobject: str
    operation: SaveAs
    records: Sequence[Mapping[str, Any]]
    key_field: str = "Id"


@dataclass(frozen=True)
class Replacement:
    """A record that ends, and the one that is made in its place under the same key: both or neither.

    `record` has its fields by API name, the key field among them.
    """

    sobject: str
    ended_id: str
    record: Mapping[str, Any]
    key_field: str


@dataclass(frozen=True)
class Saved:
    """What became of a record; `code` is "" where it was written."""

    record_id: str | None
    created: bool = False
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()
