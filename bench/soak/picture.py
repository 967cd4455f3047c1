"""A picture of both systems: every record that plays a part, and the same by the mapping, comparable."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from bench.soak.people import GentrackPeople, Record, SalesforcePeople
from connector.entities import entity, registry
from connector.mapping import columns as named
from connector.mapping.agreement.lines import gentrack_values, lines_of, meaning, salesforce_values
from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, Resource

FLAG = "Gentrack_Deleted__c"
_MERGED_INTO = "MasterRecordId"
_MERGEABLE = ("Account", "Contact")
_DELETED = "IsDeleted"
RESOURCES = {resource.name: resource for spec in registry() for resource in spec.source.resources}


Lines = dict[str, dict[str, str | None]]
"""Comparable values of records, by line."""


@dataclass
class Picture:
    """Gentrack's records as they come, by resource and id; Salesforce's by object and id, deleted or not."""

    gentrack: dict[str, dict[int, Record]]
    salesforce: dict[str, dict[str, Record]]

    def copy(self) -> "Picture":
        """One that may be changed."""
        return deepcopy(self)

    def living(self, sobject: str) -> dict[str, Record]:
        """The records of an object that are not deleted."""
        return {name: record for name, record in self.salesforce[sobject].items() if not record[_DELETED]}

    def rows(self, spec: EntitySpec) -> pd.DataFrame:
        """The entity's rows as Gentrack has them: key, key_broken, id, and its mapping's columns as text."""
        with duckdb.connect(config={"threads": 1}) as database:
            database.execute(f"SET VARIABLE today = '{datetime.now(UTC):%Y-%m-%d}'")
            for resource in spec.source.resources:
                database.register(resource.name, _table(resource, self.gentrack[resource.name].values()))
            rows: pa.Table = database.sql(_keyed(spec)).to_arrow_table()
        frame: pd.DataFrame = rows.to_pandas(types_mapper=_text)
        return frame


class View:
    """A picture that doesn't change any more, by the mapping: each thing is worked out once."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.rows = cache(picture.rows)
        """The rows of an entity."""
        self.of_gentrack = cache(self._of_gentrack)
        """What Gentrack says of every line of the rows that can be synchronised, by folded external id."""
        self.of_salesforce = cache(self._of_salesforce)
        """What Salesforce says of every line of its living records, by Salesforce id."""
        self.carriers = cache(self._carriers)
        """The living records of an entity by the folded external id that they carry."""

    def _of_gentrack(self, spec: EntitySpec) -> Lines:
        rows = self.rows(spec)
        keys = rows[named.KEY].str.lower()
        good = rows[~rows[named.KEY_BROKEN].astype(bool) & ~keys.duplicated(keep=False)]
        return _meant(spec, gentrack_values(spec, good), keys[good.index].tolist())

    def _of_salesforce(self, spec: EntitySpec) -> Lines:
        records = self.picture.living(spec.salesforce_object)
        columns: dict[str, list[str | None]] = {
            named.salesforce(field.api_name): [_written(one[field.api_name]) for one in records.values()]
            for field in spec.fields
        }
        for parent in spec.parents:
            others = self.picture.salesforce[entity(parent.entity).salesforce_object]
            above = [others.get(one[parent.field] or "", {}) for one in records.values()]
            columns[named.salesforce_parent(parent.field)] = [one.get(EXTERNAL_ID) for one in above]
            columns[named.parent_id(parent.field)] = [one[parent.field] for one in records.values()]
        frame = pd.DataFrame(columns, index=list(records)).astype(TEXT)
        return _meant(spec, salesforce_values(spec, frame), list(records))

    def _carriers(self, spec: EntitySpec) -> dict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name, one in self.picture.living(spec.salesforce_object).items():
            if one[EXTERNAL_ID]:
                found[folded(one[EXTERNAL_ID])].append(name)
        return found


def taken(gentrack: GentrackPeople, salesforce: SalesforcePeople) -> Picture:
    """A picture of now."""
    return Picture(
        {name: {one["id"]: one for one in gentrack.everything(name)} for name in RESOURCES},
        {
            spec.salesforce_object: {
                one["Id"]: one
                for one in salesforce.everything(spec.salesforce_object, _fields_of(spec, salesforce))
            }
            for spec in registry()
        },
    )


def folded(key: str) -> str:
    """An external id as Salesforce compares it."""
    return key.lower()


def _fields_of(spec: EntitySpec, salesforce: SalesforcePeople) -> list[str]:
    known = salesforce.fields_of(spec.salesforce_object)
    fields = ["Id", _DELETED, EXTERNAL_ID, *(field.api_name for field in spec.fields)]
    fields += [parent.field for parent in spec.parents]
    fields += [_MERGED_INTO] if spec.salesforce_object in _MERGEABLE else []
    return [*fields, FLAG] if FLAG in known else fields


def _keyed(spec: EntitySpec) -> str:
    parts = [f"coalesce(trim(\"{column}\"::VARCHAR, E' \\t\\r\\n'), '')" for column in spec.key]
    broken = " OR ".join(f"{part} = '' OR contains({part}, ':')" for part in parts)
    sources = sorted({source for field in spec.fields for source in field.sources})
    columns = [f'"{source}"::VARCHAR AS "{named.gentrack(source)}"' for source in sources]
    columns += [f'"{p.key}"::VARCHAR AS "{named.parent_key(p.field)}"' for p in spec.parents]
    places = {o.record for source in sources for o in spec.source.origins_of(source)} - set(sources)
    columns += [f'"{place}" AS "{place}"' for place in sorted(places | {"id"})]
    key = " || ':' || ".join(parts)
    return f"SELECT {key} AS key, {broken} AS key_broken, {', '.join(columns)} FROM ({spec.source.sql})"


def _table(resource: Resource, records: Any) -> pa.Table:
    leaves = resource.leaves
    columns = {path: [_at(record, path) for record in records] for path in leaves}
    return pa.table({path: pa.array(values, leaves[path]) for path, values in columns.items()})


def _at(record: Mapping[str, Any], path: str) -> Any:
    inner: Any = record
    for name in path.split("."):
        inner = inner.get(name) if isinstance(inner, Mapping) else None
    return None if isinstance(inner, Mapping) else inner


def _meant(spec: EntitySpec, values: pd.DataFrame, names: Sequence[str]) -> Lines:
    meant = {
        line.name: [
            None if pd.isna(value) else str(value) for value in meaning(line, values[line.name].astype(TEXT))
        ]
        for line in lines_of(spec)
    }
    return {name: {line: column[row] for line, column in meant.items()} for row, name in enumerate(names)}


def _written(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _text(kind: pa.DataType) -> Any:
    return TEXT if pa.types.is_string(kind) else None
