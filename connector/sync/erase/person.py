"""A person as our data knows them: a key, the ids of their records, and the records that borrow from them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec


@dataclass(frozen=True)
class Erased:
    """What was removed at one place; `rows` is how many rows, 0 for a file that went whole."""

    where: str
    what: str
    rows: int


@dataclass(frozen=True)
class Person:
    """`key` is the external id in lower case, `ids` are those of the records in Salesforce that are theirs.
    `hanging` are, by entity, the keys in lower case of records below theirs, which are about them too.

    `borrowers` are entities whose values come from the person's, as an account is named after its primary
    customer; `borrowing` the keys, in lower case, of the records that may be so.
    """

    spec: EntitySpec
    entities: tuple[EntitySpec, ...]
    key: str
    ids: frozenset[str] = field(default=frozenset())
    borrowing: frozenset[str] = field(default=frozenset())
    hanging: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def borrowers(self) -> tuple[EntitySpec, ...]:
        """Entities that read the resource of which the person is a record."""
        own = self.spec.source.resources[0]
        parents = {parent.entity for parent in self.spec.first_parents}
        return tuple(s for s in self.entities if s.name in parents and own in s.source.resources)

    @property
    def dependants(self) -> Iterator[tuple[EntitySpec, str, str]]:
        """Entities whose records are about the person too: each with its lookup and its source column."""
        for spec in self.entities:
            for parent in spec.first_parents:
                if parent.entity == self.spec.name:
                    yield spec, named.parent_key(parent.field), parent.key

    @property
    def keys(self) -> Mapping[str, frozenset[str]]:
        """Entity -> the external ids, in lower case, of the records that are about the person."""
        borrowed = {spec.name: self.borrowing for spec in self.borrowers}
        return {**borrowed, **self.hanging, self.spec.name: frozenset({self.key})}

    def lookups_beside(self, entity: str) -> list[str]:
        """The columns of an entity's parts in which keys of what borrows from the person stand."""
        borrowers = {spec.name for spec in self.borrowers}
        return [
            named.parent_key(parent.field)
            for spec in self.entities
            for parent in spec.first_parents
            if spec.name == entity and parent.entity in borrowers
        ]

    def lookups(self, entity: str) -> Sequence[str]:
        """The columns of an entity's parts in which the person's key stands."""
        return [column for spec, column, _ in self.dependants if spec.name == entity]
