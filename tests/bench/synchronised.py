"""Pictures of two systems that agree, made in memory of the sandbox's seed by the mapping."""

from typing import Any

import orjson
import pandas as pd

from bench.soak.picture import FLAG, RESOURCES, Picture, folded
from connector.entities import registry
from connector.mapping import columns as named
from connector.mapping.agreement.lines import gentrack_values
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from sandbox.seed import Dataset


def synchronised(customers: int = 40, seed: int = 3) -> Picture:
    """Every row of Gentrack that can be synchronised stands in Salesforce."""
    tables = {table.name: table for table in Dataset(customers, seed).tables}
    gentrack = {
        name: {one["id"]: orjson.loads(orjson.dumps(one)) for one in tables[name]} for name in RESOURCES
    }
    picture = Picture(gentrack, {spec.salesforce_object: {} for spec in registry()})
    for spec in registry():
        fill(picture, spec)
    return picture


def fill(picture: Picture, spec: EntitySpec) -> None:
    """Give Salesforce what it lacks of an entity, and let what it has have Gentrack's values."""
    rows = picture.rows(spec)
    keys = rows[named.KEY].str.lower()
    rows = rows[~rows[named.KEY_BROKEN].astype(bool) & ~keys.duplicated(keep=False)]
    values = gentrack_values(spec, rows)
    records = picture.salesforce[spec.salesforce_object]
    known = {folded(one[EXTERNAL_ID]): name for name, one in records.items() if one[EXTERNAL_ID]}
    for place, key in rows[named.KEY].items():
        name = known.get(folded(key), f"{spec.salesforce_object[:3]}{len(records):015d}")
        blank: dict[str, Any] = {"Id": name, "IsDeleted": False, EXTERNAL_ID: key, FLAG: False}
        fields = {line.api_name: _plain(values.at[place, line.api_name]) for line in spec.fields}
        records[name] = blank | fields
        for parent in spec.parents:
            records[name][parent.field] = _id_of(
                picture, parent.entity, _plain(values.at[place, parent.field])
            )


def _id_of(picture: Picture, entity: str, key: str | None) -> str | None:
    of = next(spec.salesforce_object for spec in registry() if spec.name == entity)
    found = [
        name for name, one in picture.living(of).items() if key and folded(one[EXTERNAL_ID]) == folded(key)
    ]
    return found[0] if found else None


def _plain(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
