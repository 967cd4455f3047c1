"""Targets: the records that people may touch, which are equal on both sides when the traffic begins."""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from bench.soak.people import Record
from bench.soak.picture import Picture, folded
from connector.entities import entity, registry
from connector.mapping.vocabulary import EXTERNAL_ID


@dataclass(frozen=True)
class Pair:
    """A record on both sides. `gentrack` is the id of its row's first resource."""

    entity: str
    key: str
    gentrack: int
    salesforce: str


@dataclass
class Targets:
    """Pairs by entity, without those that were taken away since."""

    picture: Picture
    pairs: dict[str, list[Pair]]
    ended: set[Pair] = field(default_factory=set)

    def any(
        self, chance: random.Random, name: str, fits: Callable[[Record, Record], bool] = lambda _g, _s: True
    ) -> Pair | None:
        """One of an entity's pairs whose records fit; None where luck has not found one."""
        spec = entity(name)
        for _ in range(30):
            pair = chance.choice(self.pairs[name])
            ours = self.picture.gentrack[spec.source.resources[0].name][pair.gentrack]
            theirs = self.picture.salesforce[spec.salesforce_object][pair.salesforce]
            if pair not in self.ended and fits(ours, theirs):
                return pair
        return None


def targets_of(picture: Picture, unequal: Collection[tuple[str, str]]) -> Targets:
    """The pairs of a picture, but for those of (entity, key) that are not equal."""
    pairs: dict[str, list[Pair]] = {}
    for spec in registry():
        rows = picture.rows(spec)
        carriers = {
            folded(one[EXTERNAL_ID]): name
            for name, one in picture.living(spec.salesforce_object).items()
            if one[EXTERNAL_ID]
        }
        known: list[tuple[str, Any]] = list(zip(rows["key"], rows["id"], strict=True))
        pairs[spec.name] = [
            Pair(spec.name, key, int(number), carriers[folded(key)])
            for key, number in sorted(known)
            if folded(key) in carriers and (spec.name, folded(key)) not in unequal
        ]
    return Targets(picture, pairs)
