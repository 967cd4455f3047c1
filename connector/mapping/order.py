"""The order in which entities go, as their parents demand it."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from connector.errors import SettingsInvalid
from connector.mapping.vocabulary import EntitySpec


def in_linking_order(entities: Sequence[EntitySpec]) -> tuple[EntitySpec, ...]:
    """The entities that are matched, those that support the links of others before them."""
    matched = [spec for spec in entities if spec.matching]
    return tuple(sorted(matched, key=lambda spec: spec.support is not None))


def in_dependency_order(entities: Sequence[EntitySpec]) -> tuple[EntitySpec, ...]:
    """Parents before children; among equals, by name.

    Raises SettingsInvalid on a cycle, an unknown parent, or a name that two entities have.
    """
    known = {entity.name: entity for entity in entities}
    if len(known) < len(entities):
        raise SettingsInvalid(
            "Two entities have the same name.", todo="Every file names an entity of its own."
        )
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for entity in sorted(entities, key=lambda spec: spec.name):
        needed = [parent.entity for parent in entity.first_parents]
        unknown = [name for name in needed if name not in known]
        if unknown:
            raise SettingsInvalid(
                f"Entity {entity.name} has parents that are no entities: {', '.join(unknown)}."
            )
        sorter.add(entity.name, *needed)
    try:
        sorter.prepare()
    except CycleError as cycle:
        raise SettingsInvalid(f"Entities are each other's parents: {' -> '.join(cycle.args[1])}.") from None
    ordered: list[EntitySpec] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += [known[name] for name in ready]
        sorter.done(*ready)
    return tuple(ordered)
