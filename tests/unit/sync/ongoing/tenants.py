"""Small tenants, made by chance, in which numbers are shared, cases differ and records name nobody."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import duckdb
import pyarrow as pa

from connector.entities import registry
from connector.mapping.vocabulary import EntitySpec
from connector.sync.extract import flattened
from tests.unit.sync.gentrack_twin import GentrackTwin

TODAY = "2026-11-24"
_DATABASE = duckdb.connect(config={"threads": 1})
_NUMBERS = ("A1", "a1", "A2", "B:1", "B", "C3", "d4", "7", "")
_DAYS = (None, "2020-01-01", "2026-11-24", "2030-01-01")
_FLAGS = ("Y", "N", None)
_SIZES = {"products": 3, "pricePlans": 8, "accountCustomers": 14}


def tenant(seed: int) -> GentrackTwin:
    """A tenant of a few records of each resource."""
    chance = Random(seed)
    resources = {r.name: r for spec in registry() for r in spec.source.resources}
    records = {
        name: [
            _record(chance, list(resource.row_type), number)
            for number in chance.sample(range(1, 20), _SIZES.get(name, 6))
        ]
        for name, resource in resources.items()
    }
    return GentrackTwin(**records)


def whole_view(spec: EntitySpec, twin: GentrackTwin, sql: str) -> list[tuple[Any, ...]]:
    """What a statement over `view` (the entity's source view over the whole tenant) gives."""
    with _DATABASE.cursor() as connection:
        connection.execute(f"SET VARIABLE today = '{TODAY}'")
        for resource in spec.source.resources:
            own = pa.Table.from_pylist(
                list(twin.records[resource.name].values()), pa.schema(list(resource.row_type))
            )
            connection.register(resource.name, flattened(own))
        return connection.execute(f"WITH view AS ({spec.source.sql}) {sql}").fetchall()


def _record(chance: Random, fields: Iterable["pa.Field[Any]"], number: int) -> dict[str, Any]:
    return {field.name: number if field.name == "id" else _value(chance, field) for field in fields}


def _value(chance: Random, field: "pa.Field[Any]") -> Any:
    if isinstance(field.type, pa.StructType):
        return {inner.name: _value(chance, inner) for inner in field.type}
    choices: Sequence[Any] = (None, "x", "y")
    if pa.types.is_integer(field.type):
        choices = [*range(1, 20, 3), None]
    elif pa.types.is_floating(field.type):
        choices = (None, 1.0, 2.5)
    elif field.name.endswith(("umber", "ode", "dentifier")):
        choices = _NUMBERS
    elif field.name.endswith("Fl"):
        choices = _FLAGS
    elif field.name.endswith(("Dt", "Dttm", "Date")):
        choices = _DAYS
    return chance.choice(choices)
