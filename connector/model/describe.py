"""What an org says of an object (sObject describe), as far as the product asks."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldDescribe:
    """One field. A field that the signed-in user may not see is absent from describe altogether."""

    name: str
    label: str
    type: str
    length: int
    nillable: bool
    defaulted_on_create: bool
    createable: bool
    updateable: bool
    external_id: bool
    id_lookup: bool
    unique: bool
    restricted_picklist: bool
    picklist_values: tuple[str, ...]
    """The active values."""
    reference_to: tuple[str, ...]
    relationship_name: str | None
    case_sensitive: bool = False
    picklist_labels: tuple[str, ...] = ()
    """What people see of the active values."""

    @property
    def required_on_create(self) -> bool:
        """Salesforce refuses an insert without a value here."""
        return self.createable and not self.nillable and not self.defaulted_on_create


@dataclass(frozen=True)
class ChildRelationship:
    """A lookup of another object (or of this one) to this one."""

    sobject: str
    field: str


@dataclass(frozen=True)
class RecordType:
    """A record type of an object. `available` and `default` are the signed-in user's."""

    name: str
    available: bool
    default: bool


@dataclass(frozen=True)
class ObjectDescribe:
    """One object and its fields by API name, and what may hang on its records.

    `record_types` are the active ones that somebody made.
    """

    name: str
    createable: bool
    updateable: bool
    fields: Mapping[str, FieldDescribe]
    deletable: bool = True
    children: tuple[ChildRelationship, ...] = ()
    record_types: tuple[RecordType, ...] = ()
