"""The registry: what is synchronised. One file an entity; a file that defines `SPEC` is in it."""

import pkgutil
from functools import cache
from importlib import import_module

from connector.mapping.order import in_dependency_order
from connector.mapping.vocabulary import EntitySpec


@cache
def registry() -> tuple[EntitySpec, ...]:
    """Every entity, parents before children."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return in_dependency_order([module.SPEC for module in modules if hasattr(module, "SPEC")])


def entity(name: str) -> EntitySpec:
    """One entity by its name. Raises KeyError for a name that no entity has."""
    return {spec.name: spec for spec in registry()}[name]
