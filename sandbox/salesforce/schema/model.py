"""What the org knows of its objects: the nouns that describe, validation and SOQL share.

Attribute names follow DescribeSObjectResult and DescribeFieldResult of the REST API.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

TEXT_TYPES = frozenset(
    {
        "string",
        "textarea",
        "phone",
        "url",
        "email",
        "picklist",
        "multipicklist",
        "encryptedstring",
        "combobox",
    }
)
NUMBER_TYPES = frozenset({"double", "currency", "percent"})
ID_TYPES = frozenset({"id", "reference"})
COMPOUND_TYPES = frozenset({"address", "location"})


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One choice of a picklist."""

    value: str
    label: str
    default: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object. ``parts`` maps the components of a compound field to their own fields."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    defaulted_on_create: bool = False
    default: str | None = None
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    id_lookup: bool = False
    name_field: bool = False
    auto_number: str | None = None
    calculated: bool = False
    custom: bool = False
    restricted: bool = False
    picklist: tuple[PicklistValue, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    child_relationship: str | None = None
    cascade_delete: bool = False
    restricted_delete: bool = False
    compound: str | None = None
    parts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def stored(self) -> bool:
        """Whether a column holds the value: compound fields and file bodies have none of their own."""
        return self.type not in COMPOUND_TYPES and self.type != "base64"

    @property
    def polymorphic(self) -> bool:
        """Whether the reference may point at several objects."""
        return len(self.reference_to) > 1

    @property
    def upsert_key(self) -> bool:
        """Whether the field may be named by an upsert or stand in a relationship column."""
        return self.external_id or self.id_lookup

    @property
    def required_on_create(self) -> bool:
        """Whether a new record must bring a value (describe: createable, not nillable, not defaulted)."""
        return (
            self.createable and not self.nillable and not self.defaulted_on_create and self.type != "boolean"
        )


@dataclass(frozen=True, slots=True)
class SObjectType:
    """One object. ``fields`` is keyed by lower-cased API name, in the order of describe."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: Mapping[str, Field]
    custom: bool = False
    custom_setting: bool = False
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    bulk: bool = True
    layoutable: bool = True
    replicateable: bool = True
    event: bool = False

    def field(self, name: str) -> Field | None:
        """The field of that name, in whatever case, or None."""
        return self.fields.get(name.lower())

    def reference_named(self, relationship: str) -> Field | None:
        """The reference whose relationship (``Account``, ``Service_Point__r``) has that name, or None."""
        wanted = relationship.lower()
        for each in self.fields.values():
            if each.relationship_name and each.relationship_name.lower() == wanted:
                return each
        return None

    @property
    def stored_fields(self) -> Iterator[Field]:
        """The fields that have a column."""
        return (each for each in self.fields.values() if each.stored)


@dataclass(frozen=True, slots=True)
class ChildRelationship:
    """A reference seen from its parent."""

    child: str
    field: Field


@dataclass(frozen=True, slots=True)
class Schema:
    """All objects of the org, keyed by lower-cased API name."""

    objects: Mapping[str, SObjectType]

    def get(self, name: str) -> SObjectType | None:
        """The object of that name, in whatever case, or None."""
        return self.objects.get(name.lower())

    def __getitem__(self, name: str) -> SObjectType:
        return self.objects[name.lower()]

    def __iter__(self) -> Iterator[SObjectType]:
        return iter(self.objects.values())

    def by_key_prefix(self, prefix: str) -> SObjectType | None:
        """The object whose ids begin with the prefix, or None."""
        for each in self.objects.values():
            if each.key_prefix == prefix:
                return each
        return None

    def children_of(self, name: str) -> list[ChildRelationship]:
        """Every reference that points at the object."""
        return [
            ChildRelationship(child.name, each)
            for child in self.objects.values()
            if not child.event
            for each in child.fields.values()
            if name in each.reference_to
        ]
