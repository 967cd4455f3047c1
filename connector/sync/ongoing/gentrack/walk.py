"""The walk forward: from the keys of an entity to every record of Gentrack that their rows are made of.

It begins with the records of the view's first resource that have the key's first column, and follows the
joins that the view declares, one round of requests a step. What is read is all that the rows need, not only
a part of what they are made of: the view then gives the same rows as over the whole tenant.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa

from connector.mapping.vocabulary import EntitySpec, Join, Resource
from connector.sync.extract import flattened
from connector.sync.ongoing.ports import GentrackFinding

REFERENCE = "clientReference"
Tables = Mapping[str, pa.Table]


def records_behind(spec: EntitySpec, keys: Collection[str], finding: GentrackFinding) -> Tables:
    """Resource -> its records behind rows with these keys, each once, nested columns joined by dots.

    All of them bear the reference under which they were created. Raises what `finding` raises.
    """
    first = spec.source.resources[0]
    begun = [
        finding.having(first.name, row_type(first), column, values)
        for column, values in _beginnings(spec, keys).items()
    ]
    walked = {first.name: _table(first, (table for tables in begun for table in tables))}
    found = {resource.name: [_table(resource, ())] for resource in spec.source.resources}
    found[first.name] = [walked[first.name]]
    waiting = list(spec.source.joins)
    while waiting:
        ready = [join for join in waiting if _is_ready(join, waiting)]
        waiting = [join for join in waiting if join not in ready]
        coming = [(join, _asked(join, walked[join.of_resource.name], finding)) for join in ready]
        for join, tables in coming:
            table = _table(join.resource, tables)
            found[join.resource.name].append(table)
            if join.resource != join.of_resource:
                walked[join.resource.name] = table
    return {name: _each_once(tables) for name, tables in found.items()}


def row_type(resource: Resource) -> pa.StructType:
    """A resource's row type, with the reference under which a record was created."""
    return pa.struct([*resource.row_type, pa.field(REFERENCE, pa.string())])


def _beginnings(spec: EntitySpec, keys: Collection[str]) -> Mapping[str, list[str]]:
    """Column -> the values of it by which rows with these keys are found: the first part that isn't empty.

    A part that contains ':' gives a key more parts than there are columns: every way to read it is asked.
    """
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for key in keys:
        parts = key.split(":")
        spare = len(parts) - len(spec.key)
        skipped = next((place for place, part in enumerate(parts) if part), 0)
        column = spec.key[min(skipped, len(spec.key) - 1)]
        is_last = column == spec.key[-1]
        ends = [len(parts)] if is_last else range(skipped + 1, skipped + 2 + max(spare, 0))
        found[column] |= {":".join(parts[skipped:end]): None for end in ends}
    return {column: [value for value in values if value] for column, values in found.items()}


def _is_ready(join: Join, waiting: Iterable[Join]) -> bool:
    """Whether all records that it starts from are there; a join of a resource with itself goes one step."""
    return not any(
        other.resource == join.of_resource and other.resource != other.of_resource for other in waiting
    )


def _asked(join: Join, start: pa.Table, finding: GentrackFinding) -> Iterator[pa.Table]:
    values = [str(value) for value in start[join.of_column].unique().to_pylist() if value is not None]
    return finding.having(join.resource.name, row_type(join.resource), join.column, values)


def _table(resource: Resource, tables: Iterable[pa.Table]) -> pa.Table:
    return flattened(pa.concat_tables([pa.schema(list(row_type(resource))).empty_table(), *tables]))


def _each_once(tables: list[pa.Table]) -> pa.Table:
    """A record that was reached by two ways is one record."""
    table = pa.concat_tables(tables)
    _, places = np.unique(table["id"].to_numpy(), return_index=True)
    return table if len(places) == len(table) else table.take(np.sort(places))
