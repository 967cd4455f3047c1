"""Claims: what the values that Salesforce masters ask of Gentrack's records, place by place.

Pure: prepared rows in, a row for each place of each field that differs out. A field whose value can't be
written there is among them, with the code that says why.
"""

from collections.abc import Iterator
from enum import StrEnum

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.canonical import written
from connector.mapping.converters import TEXT, Column
from connector.mapping.decisions import targets
from connector.mapping.diff import differences
from connector.mapping.vocabulary import EntitySpec, Field, Origin

ENTITY, SOBJECT, FIELD, UNIT, DIFFERS = "entity", "object", "field", "unit", "differs"
RESOURCE, RECORD, PATH = "resource", "record", "path"
FOUND, WISHED = "found", "wished"
"""What Gentrack held at a place when it was read, and what should stand there."""
GENTRACK, SALESFORCE = "in_gentrack", "in_salesforce"
"""A field's value on either side, both in the form of Salesforce."""
REVIEWED = "reviewed"
CODE = named.CODE

_TEXTS = (
    *(ENTITY, SOBJECT, named.KEY, named.SALESFORCE_ID, FIELD, UNIT),
    *(RESOURCE, RECORD, PATH, FOUND, WISHED, GENTRACK, SALESFORCE, CODE),
)
_NUMBER_AND_FLAG: dict[str, pa.DataType] = {named.ROW: pa.int64(), DIFFERS: pa.bool_()}
SCHEMA = pa.schema(_NUMBER_AND_FLAG | dict.fromkeys(_TEXTS, pa.string()))
"""A claim: a place (resource, record, path) and the two values, or a code and no place."""


class Obstacle(StrEnum):
    """Why a field that differs is not written."""

    LINK_NOT_REVIEWED = "LINK_NOT_REVIEWED"
    ONE_WAY = "ONE_WAY"
    NO_PLACE = "NO_PLACE"
    NOT_REPRESENTABLE = "NOT_REPRESENTABLE"
    CONTRADICTED = "CONTRADICTED"
    STANDS_OUTSIDE = "STANDS_OUTSIDE"
    UNIT_INCOMPLETE = "UNIT_INCOMPLETE"
    CHANGED_MEANWHILE = "CHANGED_MEANWHILE"


def claims(spec: EntitySpec, rows: pd.DataFrame) -> pd.DataFrame:
    """Prepared rows with their targets and whether their links are reviewed -> claims, as in `SCHEMA`."""
    fields = spec.salesforce_fields
    ours = targets(spec, rows)
    theirs = pd.DataFrame({field.api_name: _held(field, rows) for field in fields}, index=rows.index)
    differing = differences(ours, theirs, fields)
    pieces = [SCHEMA.empty_table().to_pandas(types_mapper=pd.ArrowDtype)]
    for field in fields:
        together = [other.api_name for other in fields if _unit(other) == _unit(field)]
        asked = differing[together].any(axis="columns")
        if asked.any():
            chosen = rows[asked]
            about = pd.DataFrame(
                {
                    named.ROW: chosen[named.ROW],
                    named.KEY: chosen[named.KEY],
                    named.SALESFORCE_ID: chosen[named.SALESFORCE_ID],
                    DIFFERS: differing.loc[asked, field.api_name],
                    GENTRACK: ours.loc[asked, field.api_name],
                    SALESFORCE: theirs.loc[asked, field.api_name],
                    REVIEWED: chosen[REVIEWED].to_numpy(dtype=bool),
                },
                index=chosen.index,
            )
            for places in _places(spec, field, chosen, about):
                claim = about.loc[places.index].join(places)
                named_so = {ENTITY: spec.name, SOBJECT: spec.salesforce_object, FIELD: field.api_name}
                pieces.append(claim.assign(**named_so, **{UNIT: _unit(field)}))
    found = pd.concat(pieces, ignore_index=True)
    waiting = found[CODE].isna() & (found[REVIEWED] == False).fillna(value=False)  # noqa: E712 - a column
    found[CODE] = found[CODE].mask(waiting.astype(bool), Obstacle.LINK_NOT_REVIEWED.value)
    return found[SCHEMA.names]


def _held(field: Field, rows: pd.DataFrame) -> Column:
    """What Salesforce holds once the row was sent: the first linking fills what is blank there."""
    held = rows[named.salesforce(field.api_name)]
    filled = rows[named.target(field.api_name)].where(~rows[named.LINKED].astype(bool))
    return held.fillna(filled)


def _unit(field: Field) -> str:
    return field.unit or field.api_name


def _places(
    spec: EntitySpec, field: Field, rows: pd.DataFrame, about: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """resource, record, path, found, wished for each place of the values; a code where there is none."""
    values, differing = about[SALESFORCE], about[DIFFERS]
    origins = [spec.source.origins_of(source) for source in field.sources]
    if field.converter.to_gentrack is None or not all(origins):
        yield _obstructed(rows.index, Obstacle.ONE_WAY)
        return
    back = field.converter.to_gentrack(values)
    again = written(field.converter.to_salesforce(*back), field.type, field.scale)
    name = field.api_name
    lost = differences(pd.DataFrame({name: values}), pd.DataFrame({name: again}), [field])[name]
    placeless = pd.Series(data=False, index=rows.index)
    for source in origins:
        placeless |= rows[[named.gentrack(o.record) for o in source]].isna().all(axis="columns")
    yield _obstructed(rows.index[placeless], Obstacle.NO_PLACE)
    yield _obstructed(rows.index[lost & ~placeless], Obstacle.NOT_REPRESENTABLE)
    good = rows[~placeless & ~lost]
    for source, wished in zip(origins, back, strict=True):
        for origin in source:
            yield _at(origin, good, wished, differing[good.index])


def _at(origin: Origin, rows: pd.DataFrame, wished: Column, differing: Column) -> pd.DataFrame:
    """A field that only goes along with its unit is to stay as Gentrack has it, line for line."""
    record = rows[named.gentrack(origin.record)].dropna()
    found = rows.loc[record.index, named.gentrack(origin.found_in)]
    return pd.DataFrame(
        {
            RESOURCE: pd.Series(origin.resource.name, index=record.index, dtype=TEXT),
            RECORD: record,
            PATH: origin.path,
            FOUND: found,
            WISHED: wished.loc[record.index].where(differing[record.index], found),
            CODE: pd.Series(pd.NA, index=record.index, dtype=TEXT),
        }
    )


def _obstructed(index: pd.Index, why: Obstacle) -> pd.DataFrame:
    nothing = {
        name: pd.Series(pd.NA, index=index, dtype=TEXT) for name in (RESOURCE, RECORD, PATH, FOUND, WISHED)
    }
    return pd.DataFrame(nothing | {CODE: pd.Series(why.value, index=index, dtype=TEXT)})
