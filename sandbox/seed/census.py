"""What a data set holds, counted: rows of every entity and of every awkward kind."""

from collections import Counter
from typing import Any

from sandbox.seed.awkward import ENTITY
from sandbox.seed.dataset import Dataset


def census(dataset: Dataset) -> dict[str, Any]:
    """Count from the plans alone, without making a record (a million customers take seconds).

    Returns ``{"seed", "rows": {entity: n}, "awkward": {entity: {kind: rows}}, "parts": {part: customers}}``;
    both members of an awkward pair count.
    """
    awkward: dict[str, Counter[str]] = {entity: Counter() for entity in ENTITY.values()}
    parts = Counter[str]()
    for number in range(dataset.blocks):
        plan = dataset.block(number).plan
        for kind, rows in plan.awkward.items():
            awkward[ENTITY[kind]][kind.value] += len(rows)
        owners, owned = plan.owner.tolist(), Counter(plan.owner.tolist())
        parts["business"] += int(plan.business.sum())
        parts["without_own_account"] += plan.sizes.customers - len(owned)
        parts["with_two_accounts"] += len(owners) - len(owned)
    return {
        "seed": dataset.seed,
        "rows": {table.name: table.size for table in dataset.tables},
        "awkward": {entity: dict(kinds) for entity, kinds in awkward.items()},
        "parts": dict(parts),
    }
