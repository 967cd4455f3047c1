"""The walk back: from records that changed in Gentrack to the rows of every entity that they play a part in.

A changed customer changes its contact and, as the primary one, the name of an account; a changed account may
become the home of a contact. The joins of the source views are followed against their direction, for all
entities at once, so that each step of the way costs one round of requests.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from connector.mapping.vocabulary import EntitySpec, Join
from connector.model.change import Notice, Side
from connector.sync.ongoing.ports import GentrackFinding
from connector.sync.ongoing.salesforce.soql import parents_of

Keyed = tuple[str, str]
"""An entity and an external id of it."""
_Record = Mapping[str, Any]
_Place = tuple[str, str]
"""A resource and the id of a record in it, as notices name them."""
_Question = tuple[str, str]
"""A resource and one of its fields."""
_Rows = list[tuple[_Record, frozenset[_Place]]]
"""Records, each with those of the notices that led to it."""
_Trail = tuple[EntitySpec, str, _Rows]
"""How far the way back of an entity has come: to these records of a resource."""


@dataclass(frozen=True)
class Traced:
    """Notices of Gentrack -> the rows in which their records play a part; and those whose record is gone.

    A gone record is traced as far as others name it. What it was itself, and the key that a moved record had
    before, only agreements know, by Gentrack's id; `parts_of` then tells who had a part in it.
    """

    rows: Mapping[Notice, frozenset[Keyed]]
    gone: frozenset[Notice]


def traced(entities: Sequence[EntitySpec], finding: GentrackFinding, notices: Collection[Notice]) -> Traced:
    """Trace notices of Gentrack's side; all other ones are left out. Raises what `finding` raises."""
    ours = [notice for notice in notices if notice.side is Side.GENTRACK]
    types = _row_types(entities)
    asked: dict[_Question, set[str]] = defaultdict(set)
    for notice in ours:
        if notice.kind in types and notice.record_id.isdecimal():
            asked[notice.kind, "id"].add(notice.record_id)
    there = _answers(finding, types, asked)
    known = {(kind, str(record["id"])): record for (kind, _), records in there.items() for record in records}
    trails: list[_Trail] = []
    for (kind, _), ids in asked.items():
        rows = [(known.get((kind, one), {"id": int(one)}), frozenset({(kind, one)})) for one in ids]
        trails += [(spec, kind, rows) for spec in entities if _reads(spec, kind)]
    led_to: dict[_Place, set[Keyed]] = defaultdict(set)
    while trails:
        _keep_keys(trails, led_to)
        trails = _step_back(finding, types, trails)
    return Traced(
        rows={notice: frozenset(led_to[notice.kind, notice.record_id]) for notice in ours},
        gone=frozenset(notice for notice in ours if (notice.kind, notice.record_id) not in known),
    )


def parts_of(spec: EntitySpec, key: str) -> frozenset[Keyed]:
    """The parents' rows that a key names: of a relation, its account and its contact."""
    return frozenset(
        (parent.entity, part) for parent, part in zip(spec.parents, parents_of(spec, key), strict=False)
    )


def _keep_keys(trails: Sequence[_Trail], led_to: dict[_Place, set[Keyed]]) -> None:
    """A trail that has come to the first resource has its keys; a gone record has no values to make one."""
    for spec, resource, rows in trails:
        if resource == spec.source.resources[0].name:
            for record, places in rows:
                if spec.key[0] in record:
                    for place in places:
                        led_to[place].add((spec.name, key_of(spec, record)))


def _step_back(
    finding: GentrackFinding, types: Mapping[str, pa.StructType], trails: Sequence[_Trail]
) -> list[_Trail]:
    """Each trail one join further back."""
    asked: dict[_Question, set[str]] = defaultdict(set)
    ways: list[tuple[EntitySpec, Join, dict[Any, set[_Place]]]] = []
    for spec, resource, rows in trails:
        for join in _back(spec, resource):
            by_value: dict[Any, set[_Place]] = defaultdict(set)
            for record, places in rows:
                if record.get(join.column) is not None:
                    by_value[record[join.column]] |= places
            if by_value:
                asked[join.of_resource.name, join.of_column].update(map(str, by_value))
                ways.append((spec, join, by_value))
    answers = _answers(finding, types, asked)
    return [
        (spec, join.of_resource.name, _led(answers[join.of_resource.name, join.of_column], join, by_value))
        for spec, join, by_value in ways
    ]


def _led(records: Sequence[_Record], join: Join, by_value: Mapping[Any, set[_Place]]) -> _Rows:
    return [
        (record, frozenset(by_value[record[join.of_column]]))
        for record in records
        if record[join.of_column] in by_value
    ]


def _answers(
    finding: GentrackFinding, types: Mapping[str, pa.StructType], asked: Mapping[_Question, Collection[str]]
) -> dict[_Question, list[_Record]]:
    """All questions are sent before the first answer is read."""
    coming = {
        (resource, field): finding.having(resource, types[resource], field, sorted(values))
        for (resource, field), values in asked.items()
    }
    return {
        question: [record for table in tables for record in table.to_pylist()]
        for question, tables in coming.items()
    }


def _row_types(entities: Sequence[EntitySpec]) -> dict[str, pa.StructType]:
    """Resource -> the columns that tracing needs: ids, those of the joins, those of the keys."""
    columns: dict[str, dict[str, pa.DataType]] = defaultdict(dict)
    for spec in entities:
        for resource in spec.source.resources:
            wanted = {"id", *(join.column for join in spec.source.joins if join.resource == resource)}
            wanted |= {join.of_column for join in spec.source.joins if join.of_resource == resource}
            wanted |= set(spec.key) if resource == spec.source.resources[0] else set()
            kinds = resource.leaves
            columns[resource.name] |= {name: kinds[name] for name in sorted(wanted)}
    return {name: pa.struct(list(own.items())) for name, own in columns.items()}


def _reads(spec: EntitySpec, resource: str) -> bool:
    return any(own.name == resource for own in spec.source.resources)


def _back(spec: EntitySpec, resource: str) -> list[Join]:
    return [join for join in spec.source.joins if join.resource.name == resource and not join.lasting]


def key_of(spec: EntitySpec, record: Mapping[str, Any]) -> str:
    """The external id that a record of the first resource gives its row, as `prepared_sql.key_sql` has it."""
    parts = ("" if record[column] is None else str(record[column]) for column in spec.key)
    return ":".join(part.strip(" \t\r\n") for part in parts)
