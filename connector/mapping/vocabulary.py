"""The words in which an entity declares its mapping: one file an entity, one line a field.

All values travel as text in canonical form (`connector.mapping.canonical`); a type says how it is written,
checked and compared.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import pyarrow as pa

from connector.mapping.converters import AS_IS, Converter
from connector.mapping.matching import MatchingRule, Support
from connector.model.outcome import RowOutcome

EXTERNAL_ID = "Gentrack_External_Id__c"
"""Text(255), Unique, case-insensitive, External ID, on every object that is synchronised."""


class Master(StrEnum):
    """The system whose value of a field counts."""

    GENTRACK = "gentrack"
    SALESFORCE = "salesforce"
    SHARED = "shared"
    """Either side may change it; where both did, a policy or a person decides."""


class FieldType(StrEnum):
    """How a value is written and compared."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    PICKLIST = "picklist"
    MULTIPICKLIST = "multipicklist"
    DATE = "date"
    NUMBER = "number"
    BOOLEAN = "boolean"


class NullPolicy(StrEnum):
    """What an empty value of the master does to the other side."""

    CLEAR = "clear"
    LEAVE = "leave"


@dataclass(frozen=True)
class Field:
    """One line of a mapping.

    `source` names a column of the entity's source view, or several that the converter makes one of.
    `when_missing` is what becomes of a row that lacks this field where Salesforce requires it. `born` is a
    value that every new record has first; its own one is written by the entity's finishing pass, as
    contracts and orders are made as drafts and activated later. `scale` is the decimals of a number.
    Fields that share a `unit`, such as the lines of an address, count as one value: who changed it, who is
    master and whether it is blank are asked of all of them together, and all or none are written.
    """

    api_name: str
    source: str | tuple[str, ...]
    type: FieldType
    master: Master
    converter: Converter = AS_IS
    null_policy: NullPolicy = NullPolicy.CLEAR
    when_missing: RowOutcome = RowOutcome.REJECTED
    born: str | None = None
    scale: int = 2
    unit: str | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The source columns, always as a tuple."""
        return (self.source,) if isinstance(self.source, str) else self.source


@dataclass(frozen=True)
class Parent:
    """A lookup to another entity, sent as the parent's external id.

    `key` names the column of the source view with the parent's external id. It is written at creation, and
    where the first linking finds a record without one; where the platform lets it change later, re-parenting
    is a decision, never a side effect of a load.
    A `later` parent is one of the same entity: it is written by the finishing pass, when all are there.
    """

    field: str
    entity: str
    key: str
    required: bool = True
    later: bool = False


@dataclass(frozen=True)
class Anchor:
    """A lookup to the one record of the org that `query` finds, such as the standard price book.

    It is written at creation only.
    """

    field: str
    query: str


@dataclass(frozen=True)
class Criterion:
    """A value of Gentrack that a rule for owners may ask for.

    `name` is how the instance calls it, `column` is one of the source view; with `prefix` the value begins
    so. Letter case doesn't count.
    """

    name: str
    column: str
    prefix: bool = False


@dataclass(frozen=True)
class Ownership:
    """Who owns new records of an entity: whoever owns the parent's record in the lookup `follows`.

    Where `follows` is None, rules of the instance say so, by `criteria`. Without such rules new records
    belong to the integration user, as Salesforce has it. An owner is written at creation only.
    """

    follows: str | None = None
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True)
class Resource:
    """A collection of Gentrack, with the part of its records that mappings use."""

    name: str
    row_type: pa.StructType

    @property
    def leaves(self) -> dict[str, pa.DataType]:
        """Path, joined by dots -> type, of every value of a record."""
        return _leaves(self.row_type, "")


@dataclass(frozen=True)
class Origin:
    """Where a column of a source view stands in Gentrack, so that its value can be written there.

    `path` is the place in a record of `resource`, joined by dots. `record` names the column of the view with
    that record's id; a row where it is missing has no such place. `read` names the column with what stands
    there, where that is not `column` itself: a column may be made of several.
    """

    column: str
    resource: Resource
    path: str
    record: str = "id"
    read: str = ""

    @property
    def found_in(self) -> str:
        """The column of the view with what Gentrack holds at this place."""
        return self.read or self.column


@dataclass(frozen=True)
class Join:
    """Which records of a resource a row needs: those whose `column` is the `of_column` of `of_resource`'s.

    `lasting` says that what the view takes of them never changes, such as their numbers, so that a change of
    one of them changes no row.
    """

    resource: Resource
    column: str
    of_resource: Resource
    of_column: str
    lasting: bool = False


@dataclass(frozen=True)
class SourceView:
    """An entity's rows as Gentrack has them: one SELECT of DuckDB over staged resources.

    A resource is a table of its own name, its nested columns are joined by dots. The variable `today`
    (text, yyyy-MM-dd, UTC) is the day of the run. `origins` are the places of columns that are no column of
    the first resource, under its own name. `joins` lead from the first resource, where the key stands, to
    all that its rows are made of: by them, a few rows are read without the rest of the tenant, and a record
    that changed is traced to the rows in which it plays a part.
    """

    resources: tuple[Resource, ...]
    sql: str
    joins: tuple[Join, ...] = ()
    origins: tuple[Origin, ...] = ()

    def origins_of(self, column: str) -> tuple[Origin, ...]:
        """The places that a column is written to; none where it is made by the view alone."""
        named = tuple(origin for origin in self.origins if origin.column == column)
        if named or not self.resources or column not in self.resources[0].leaves:
            return named
        return (Origin(column, self.resources[0], column),)


@dataclass(frozen=True)
class Reference:
    """A field of a new record of Gentrack that holds the id of the one behind a parent of Salesforce's."""

    field: str
    parent: str


@dataclass(frozen=True)
class Creation:
    """How Gentrack is given a record that was made in Salesforce: in the view's first resource.

    Its values stand where the fields' columns come from. `primary` is the field that names the customer who
    becomes the primary one of a new account; what the view takes of that customer is filled there.
    """

    references: tuple[Reference, ...] = ()
    primary: str | None = None


@dataclass(frozen=True)
class PilotChoice:
    """Says that a pilot is a choice of records of an entity, with everything that hangs on them.

    `resource` is where they stand in Gentrack, `number` the column there by which people name them, which is
    also the entity's key. `kinds` are columns of the source view: a sample has some of each of their values.
    """

    resource: Resource
    number: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class EntitySpec:
    """An entity: a Salesforce object, the Gentrack records behind it, and a line for each field.

    `key` names the columns of the source view that make the external id, joined by ':'.
    `lock_parent` names the parent whose record Salesforce locks while a row is written.
    `found_by_parents` says that a record without an external id is the same one if its parents are: the
    platform makes direct relations by itself, without one. `made_by_people` is the condition in SOQL that the
    others meet.
    `finished_after` names the entity after whose load the finishing pass of this one runs.
    `matching` finds records that stood in Salesforce before, without an external id; `support` is what lets a
    weak candidate link.
    `pilot` is given for the one entity of which a pilot names records.
    `ownership` is None where records have no owner of their own, `creation` where Gentrack's API makes none.
    """

    name: str
    salesforce_object: str
    source: SourceView
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    parents: tuple[Parent, ...] = ()
    lock_parent: str | None = None
    found_by_parents: bool = False
    made_by_people: str | None = None
    anchors: tuple[Anchor, ...] = ()
    finished_after: str | None = None
    matching: tuple[MatchingRule, ...] = ()
    support: Support | None = None
    pilot: PilotChoice | None = None
    ownership: Ownership | None = None
    creation: Creation | None = None

    @property
    def first_parents(self) -> tuple[Parent, ...]:
        """The parents that must be there before a record can be made."""
        return tuple(parent for parent in self.parents if not parent.later)

    @property
    def fillable_parents(self) -> tuple[Parent, ...]:
        """The parents that a record may lack, and is given at the first linking."""
        return tuple(parent for parent in self.first_parents if not parent.required)

    @property
    def later_parents(self) -> tuple[Parent, ...]:
        """The parents that the finishing pass writes."""
        return tuple(parent for parent in self.parents if parent.later)

    @property
    def parents_in_gentrack(self) -> tuple[Parent, ...]:
        """The parents that a record made in Salesforce needs in Gentrack before it."""
        if self.creation is None:
            return self.parents
        referred = {reference.parent for reference in self.creation.references}
        return tuple(parent for parent in self.parents if parent.field in referred)

    @property
    def locking_entity(self) -> str | None:
        """The entity whose record is locked while a row is written."""
        return next((parent.entity for parent in self.parents if parent.field == self.lock_parent), None)

    def is_reopened_for(self, child: "EntitySpec") -> bool:
        """Whether an undo makes drafts of its records before it deletes `child`'s below them."""
        return self.finished_after == child.name and self.name == child.locking_entity

    @property
    def born_fields(self) -> tuple[Field, ...]:
        """The fields whose own value the finishing pass writes."""
        return tuple(line for line in self.fields if line.born is not None)

    @property
    def salesforce_fields(self) -> tuple[Field, ...]:
        """The fields that Gentrack follows on records which exist already."""
        return tuple(line for line in self.fields if line.master is Master.SALESFORCE)

    @property
    def gentrack_fields(self) -> tuple[Field, ...]:
        """The fields that follow Gentrack on records which exist already."""
        return tuple(line for line in self.fields if line.master is Master.GENTRACK)


def _leaves(row_type: pa.StructType, prefix: str) -> dict[str, pa.DataType]:
    found: dict[str, pa.DataType] = {}
    for inner in row_type.fields:
        path = prefix + inner.name
        nested = isinstance(inner.type, pa.StructType)
        found |= _leaves(cast("pa.StructType", inner.type), f"{path}.") if nested else {path: inner.type}
    return found
