"""The order in which entities go, as their parents demand it."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from connector.errors import SettingsInvalid
from connector.mapping.vocabulary import EntitySpec


def in_dependency_order(entities: Sequence[EntitySpec]) -> tuple[EntitySpec, ...]:
    """Parents before children; among equals, by name. Raises SettingsInvalid on a cycle or unknown parent."""
    known = {entity.name: entity for entity in entities}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for entity in sorted(entities, key=lambda spec: spec.name):
        unknown = [parent.entity for parent in entity.parents if parent.entity not in known]
        if unknown:
            raise SettingsInvalid(
                f"Entity {entity.name} has parents that are no entities: {', '.join(unknown)}."
            )
        sorter.add(entity.name, *(parent.entity for parent in entity.parents))
    try:
        return tuple(known[name] for name in sorter.static_order())
    except CycleError as cycle:
        raise SettingsInvalid(f"Entities are each other's parents: {' -> '.join(cycle.args[1])}.") from None
