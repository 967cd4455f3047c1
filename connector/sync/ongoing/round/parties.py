"""The parties of ongoing synchronisation: two systems, the ledger between them, and the terms they keep."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from connector.mapping.agreement.terms import Direction, Terms
from connector.mapping.vocabulary import EntitySpec
from connector.sync.ongoing.ports import Agreements, WritersLocks
from connector.sync.ongoing.round.ports import (
    GentrackReading,
    GentrackSide,
    Matching,
    Proposals,
    SalesforceSide,
    Writing,
    WritingAll,
    WritingKeys,
)


@dataclass(frozen=True)
class Parties:
    """What a record is synchronised with. `entities` are in the order of the registry, parents first."""

    instance: str
    entities: tuple[EntitySpec, ...]
    gentrack: GentrackSide
    gentrack_records: GentrackReading
    salesforce: SalesforceSide
    agreements: Agreements
    locks: WritersLocks
    proposals: Proposals
    matching: Matching
    terms: Callable[[EntitySpec], Terms]
    to_gentrack: Writing
    to_salesforce: WritingAll
    keys_to_salesforce: WritingKeys

    def entity(self, name: str) -> EntitySpec:
        """One entity by its name."""
        return next(spec for spec in self.entities if spec.name == name)

    def towards(self, direction: Direction) -> "Parties":
        """The same, but nothing is written in the other direction."""
        terms = self.terms
        return replace(self, terms=lambda spec: replace(terms(spec), directions=frozenset({direction})))
