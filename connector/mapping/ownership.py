"""Who owns a new record: the choices of an instance as one more line of an entity's mapping.

The line has Salesforce as its master, so an owner is written at creation and never changed afterwards.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from connector.errors import SettingsInvalid
from connector.mapping import columns as named
from connector.mapping.converters import TEXT, Column, Converter
from connector.mapping.vocabulary import Criterion, EntitySpec, Field, FieldType, Master

OWNER_FIELD = "OwnerId"


@dataclass(frozen=True)
class OwnerRule:
    """All `conditions` (criterion -> values, of which one has to fit) make records the owner's."""

    conditions: Mapping[str, tuple[str, ...]]
    owner: str


@dataclass(frozen=True)
class Owners:
    """Salesforce ids of owners. The first rule that fits counts, else `default`; None: the integration user.

    `objects` are owners by entity, whatever its parent's; `names` are what people call each id. Nobody
    `inactive` is given a new record.
    """

    default: str | None = None
    rules: tuple[OwnerRule, ...] = ()
    objects: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    inactive: frozenset[str] = frozenset()


def refuse_unknown_entities(entities: Sequence[EntitySpec], named_ones: Collection[str]) -> None:
    """Raises SettingsInvalid where the instance names an owner for what is no entity, or has no owner."""
    owned = {spec.name for spec in entities if spec.ownership is not None}
    if unknown := sorted(set(named_ones) - owned):
        raise SettingsInvalid(
            f"owners.objects names what has no owner of its own: {', '.join(unknown)}.",
            todo=f"Those that have one are: {', '.join(sorted(owned))}.",
        )


def with_owner(spec: EntitySpec, owners: Owners) -> EntitySpec:
    """The entity with a line for its owner; as it is, where its records have none of their own."""
    ownership = spec.ownership
    if ownership is None:
        return spec
    sources: tuple[str, ...]
    if fixed := owners.objects.get(spec.name):
        sources, converter = (spec.key[0],), _always(fixed)
    elif ownership.follows is not None:
        sources, converter = (named.OWNER,), _parents(owners)
    else:
        sources = tuple(criterion.column for criterion in ownership.criteria)
        converter = _by_rules(ownership.criteria, owners)
    line = Field(OWNER_FIELD, sources, FieldType.TEXT, Master.SALESFORCE, converter)
    return replace(spec, fields=(*spec.fields, line))


def owner_of(spec: EntitySpec) -> str | None:
    """The lookup whose record's owner new records follow; None where they don't, or nobody is named."""
    if any(line.source == (named.OWNER,) for line in spec.fields) and spec.ownership:
        return spec.ownership.follows
    return None


def _always(owner: str) -> Converter:
    return Converter("owner", lambda column: pd.Series(owner, index=column.index, dtype=TEXT))


def _parents(owners: Owners) -> Converter:
    """Nobody is given a record of somebody who has left: it goes to the default owner."""

    def convert(column: Column) -> Column:
        here = column.where(~column.isin(owners.inactive))
        return here if owners.default is None else here.fillna(owners.default)

    return Converter("owner of its parent", convert)


def _by_rules(criteria: tuple[Criterion, ...], owners: Owners) -> Converter:
    def convert(*columns: Column) -> Column:
        folded_columns = (column.str.strip().str.lower() for column in columns)
        values = dict(zip((each.name for each in criteria), folded_columns, strict=True))
        prefixes = {criterion.name for criterion in criteria if criterion.prefix}
        chosen = pd.Series(owners.default, index=columns[0].index, dtype=TEXT)
        for rule in reversed(owners.rules):
            fits = pd.Series(True, index=chosen.index)  # noqa: FBT003
            for name, wanted in rule.conditions.items():
                folded = tuple(value.lower() for value in wanted)
                value = values[name]
                one = value.str.startswith(folded) if name in prefixes else value.isin(folded)
                fits &= one.fillna(value=False).astype(bool)
            chosen = chosen.mask(fits, rule.owner)
        return chosen

    return Converter("owner", convert)
