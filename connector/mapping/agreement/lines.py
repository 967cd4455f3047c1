"""Lines: what two sides agree on of an entity, one hash a line. Its fields come first, then its parents."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.canonical import comparable, folded, written
from connector.mapping.converters import Column
from connector.mapping.decisions import targets
from connector.mapping.vocabulary import EntitySpec, Field, Master, NullPolicy, Parent

FINGERPRINT = 4
"""Characters of a line's fingerprint."""


@dataclass(frozen=True)
class Line:
    """A field, or the lookup to a parent, which is compared by the parent's external id.

    `name` is its Salesforce API name. `unit` names the lines that count as one value; a line by itself is
    its own unit. Gentrack is the master of every parent.
    """

    name: str
    of: Field | Parent
    master: Master
    null_policy: NullPolicy
    unit: str
    way_back: bool

    @property
    def is_parent(self) -> bool:
        """Whether it is the lookup to a parent."""
        return isinstance(self.of, Parent)

    @property
    def fingerprint(self) -> str:
        """Four characters for all that gives a hash its meaning; another mapping of the line gives others."""
        meaning: tuple[object, ...]
        if isinstance(self.of, Parent):
            meaning = (self.name, self.of.entity)
        else:
            meaning = (
                self.name,
                self.of.sources,
                self.of.type.value,
                self.of.scale,
                self.of.converter.name,
                self.of.converter.table,
            )
        digest = hashlib.md5(repr(meaning).encode(), usedforsecurity=False).digest()
        return urlsafe_b64encode(digest[:3]).decode()


@dataclass(frozen=True)
class Holder:
    """The record of another resource that values of some fields stand in: an account's primary customer.

    `column` of the source view has its id. Which one it was is agreed on beside the values: another one's are
    no change of the same.
    """

    column: str
    lines: frozenset[str]

    @property
    def fingerprint(self) -> str:
        """Four characters, as of a line."""
        digest = hashlib.md5(repr(("holder", self.column)).encode(), usedforsecurity=False).digest()
        return urlsafe_b64encode(digest[:3]).decode()


def holders_of(spec: EntitySpec) -> tuple[Holder, ...]:
    """Whose values an entity shows beside its own; their hashes are packed after those of the lines."""
    held: dict[str, set[str]] = {}
    for field in spec.fields:
        for source in field.sources:
            for origin in spec.source.origins_of(source):
                if origin.resource is not spec.source.resources[0]:
                    held.setdefault(origin.record, set()).add(field.api_name)
    return tuple(Holder(column, frozenset(names)) for column, names in held.items())


def agreed_of(spec: EntitySpec) -> "tuple[Line | Holder, ...]":
    """All that an agreement has a hash of, in the order in which they are packed."""
    return (*lines_of(spec), *holders_of(spec))


def lines_of(spec: EntitySpec) -> tuple[Line, ...]:
    """The lines of an entity, in the order in which their hashes are packed."""
    fields = (
        Line(
            name=field.api_name,
            of=field,
            master=field.master,
            null_policy=field.null_policy,
            unit=field.unit or field.api_name,
            way_back=field.converter.to_gentrack is not None,
        )
        for field in spec.fields
    )
    parents = (
        Line(
            name=parent.field,
            of=parent,
            master=Master.GENTRACK,
            null_policy=NullPolicy.CLEAR,
            unit=parent.field,
            way_back=True,
        )
        for parent in spec.parents
    )
    return (*fields, *parents)


def fingerprint(lines: Sequence[Line | Holder]) -> str:
    """The fingerprint of a list of lines: it says which hash of a packed agreement belongs to which line."""
    return "".join(line.fingerprint for line in lines)


def gentrack_values(spec: EntitySpec, records: pd.DataFrame) -> pd.DataFrame:
    """What Gentrack has, in Salesforce's form as it is written there: a column for each line."""
    values = targets(spec, records)
    for parent in spec.parents:
        values[parent.field] = records[named.parent_key(parent.field)]
    return values


def salesforce_values(spec: EntitySpec, records: pd.DataFrame) -> pd.DataFrame:
    """What Salesforce has, in its own form: a column for each line.

    A parent that has no external id stands as its Salesforce id: it is a parent, only none of Gentrack's.
    """
    values = {
        field.api_name: written(records[named.salesforce(field.api_name)], field.type, field.scale)
        for field in spec.fields
    }
    for parent in spec.parents:
        key, known = named.salesforce_parent(parent.field), named.parent_id(parent.field)
        values[parent.field] = records[key].fillna(records[known])
    return pd.DataFrame(values, index=records.index)


def meaning(line: Line, values: Column) -> Column:
    """Values in Salesforce's form -> the form in which both sides are compared and hashed.

    Where a value goes to Gentrack it means what Gentrack can hold of it: a street of five lines and the three
    that they become there are the same. What Gentrack masters is compared as it is, letter for letter.
    """
    if isinstance(line.of, Parent):
        return folded(values)
    field = line.of
    if field.master is not Master.GENTRACK and field.converter.to_gentrack is not None:
        values = field.converter.to_salesforce(*field.converter.to_gentrack(values))
    return comparable(values, field.type, field.scale)
