"""Drift: where two systems that were brought to agree do not, in counts and keys."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from connector.model.outcome import EntityCounts


@dataclass(frozen=True)
class DriftCount:
    """How many records of an object have the same to be said of them, and the external ids of some.

    `field` is "" where it is about records as a whole; `verdict` is a field's verdict or a record's case,
    `writes` the direction in which ongoing synchronisation would write, "" where it writes nothing.
    """

    sobject: str
    field: str
    verdict: str
    writes: str
    why: str
    records: int
    samples: tuple[str, ...]


@dataclass(frozen=True)
class EntityDrift:
    """What comparing an entity found. `rows` are records in scope by what would become of them now.

    `noticed` are records that were put into the inbox, `learned` pairs that agree and that the ledger did not
    know; both None where nothing was to be repaired.
    """

    entity: str
    rows: EntityCounts
    counts: tuple[DriftCount, ...]
    noticed: int | None = None
    learned: int | None = None

    @property
    def agrees(self) -> bool:
        """Whether nothing is to be done, and nothing to be decided."""
        return self.rows.read == self.rows.unchanged


@dataclass(frozen=True)
class Drift:
    """What a reconciliation found, by entity in the order of the registry."""

    entities: tuple[EntityDrift, ...]

    @property
    def counts(self) -> tuple[DriftCount, ...]:
        """All counts, those of whole records first for each object."""
        return tuple(count for one in self.entities for count in one.counts)

    @property
    def agrees(self) -> bool:
        """Whether both systems agree."""
        return all(one.agrees for one in self.entities)

    @property
    def message(self) -> str:
        """In one line."""
        read = sum(one.rows.read for one in self.entities)
        differing = read - sum(one.rows.unchanged for one in self.entities)
        if not differing:
            return f"both systems agree on {read:,} records"
        noticed = sum(one.noticed or 0 for one in self.entities)
        told = f"; {noticed:,} given to ongoing synchronisation" if self.is_repaired else ""
        return f"{differing:,} of {read:,} records differ{told}"

    @property
    def is_repaired(self) -> bool:
        """Whether what was found was given to ongoing synchronisation."""
        return any(one.noticed is not None for one in self.entities)

    def as_dict(self) -> Mapping[str, Any]:
        """The values as JSON has them."""
        return {
            "message": self.message,
            "agrees": self.agrees,
            "repaired": self.is_repaired,
            "entities": [
                {
                    "entity": one.entity,
                    "rows": one.rows.as_dict(),
                    "noticed": one.noticed,
                    "learned": one.learned,
                }
                for one in self.entities
            ],
            "counts": [asdict(count) for count in self.counts],
        }
