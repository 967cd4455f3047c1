"""Extract: both sides into staging, as text in canonical form, part by part."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connector.mapping import columns as named
from connector.mapping.canonical import written
from connector.mapping.converters import text_columns
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, Resource
from connector.model.batch import Batch
from connector.model.describe import ObjectDescribe
from connector.model.run import Run
from connector.sync import folders
from connector.sync.ports import GentrackSource, SalesforceOrg, Staging
from connector.sync.soql import (
    STAMP,
    all_records,
    made_by_the_platform,
    parent_path,
    parents_by_id,
    records_of,
    stamps,
)

CLOCKS_APART = timedelta(seconds=60)
"""How far the clock of the server that answers may be ahead of the one that stamps records. A choice of ours:
Salesforce says nothing of it.
"""


def extract_gentrack(
    run: Run, resource: Resource, source: GentrackSource, staging: Staging, *, batch_rows: int
) -> int:
    """Stage every record of a Gentrack resource, nested columns joined by dots; returns how many."""
    pages = (flattened(page) for page in source.pages(resource.name, resource.row_type))
    empty = flattened(pa.schema(list(resource.row_type)).empty_table())
    folder = folders.gentrack(run, resource.name)
    return staged(pages, empty, staging, name=resource.name, folder=folder, batch_rows=batch_rows)


def extract_salesforce(
    spec: EntitySpec,
    org: SalesforceOrg,
    staging: Staging,
    *,
    folder: str,
    batch_rows: int,
    unlinked: bool = False,
    keys: Sequence[str] | None = None,
    since: str | None = None,
) -> int:
    """Stage what Salesforce holds of an entity; returns how many records.

    All of them, or of these `keys`, or what was changed at the stamp `since` or later.

    Columns: salesforce_id, key, a `parent.` column for each parent's external id, an `s.` column a field, a
    `parent_id.` column for each parent that may have no external id, and the stamp; with `unlinked`, records
    without an external id too, and `parent_id.` for every parent.
    """
    described = org.describe(spec.salesforce_object)
    queries: Iterable[str] = (
        [all_records(spec, described, unlinked=unlinked, since=since)]
        if keys is None
        else records_of(spec, described, keys, unlinked=unlinked)
    )
    began = org.now()
    pages = (
        canonical_records(spec, described, page, unlinked=unlinked).append_column(
            named.STAMP, _proving(page[STAMP], began)
        )
        for query in queries
        for page in org.bulk_query(query)
        if page.num_rows
    )
    names = _names(spec, unlinked=unlinked)
    empty = pa.schema([(name, pa.string()) for name in names]).empty_table()
    return staged(pages, empty, staging, name=spec.name, folder=folder, batch_rows=batch_rows)


def extract_stamps(
    spec: EntitySpec, org: SalesforceOrg, staging: Staging, *, folder: str, batch_rows: int
) -> int:
    """Stage salesforce_id and stamp of every record that may be one of ours; returns how many."""
    names = [named.SALESFORCE_ID, named.STAMP]
    found = org.bulk_query(stamps(spec, org.describe(spec.salesforce_object)))
    pages = (page.select(["Id", STAMP]).rename_columns(names) for page in found if page.num_rows)
    empty = pa.schema([(name, pa.string()) for name in names]).empty_table()
    return staged(pages, empty, staging, name=spec.name, folder=folder, batch_rows=batch_rows)


def extract_made_by_the_platform(
    spec: EntitySpec, org: SalesforceOrg, staging: Staging, *, folder: str, batch_rows: int
) -> int:
    """Stage salesforce_id and parents' external ids of records without an own one; returns how many."""
    described = org.describe(spec.salesforce_object)
    paths = {"Id": named.SALESFORCE_ID} | {
        parent_path(described, p.field): named.parent_key(p.field) for p in spec.parents
    }
    found = org.bulk_query(made_by_the_platform(spec, described))
    pages = (page.select(list(paths)).rename_columns(paths) for page in found if page.num_rows)
    empty = pa.schema([(name, pa.string()) for name in paths.values()]).empty_table()
    return staged(pages, empty, staging, name=spec.name, folder=folder, batch_rows=batch_rows)


def canonical_records(
    spec: EntitySpec, described: ObjectDescribe, page: pa.Table, *, unlinked: bool = False
) -> pa.Table:
    """A page of query results -> the columns of `extract_salesforce` but the stamp, in canonical form."""
    frame = page.to_pandas(types_mapper=text_columns)
    columns = {named.SALESFORCE_ID: frame["Id"], named.KEY: frame[EXTERNAL_ID]}
    columns |= {named.parent_key(p.field): frame[parent_path(described, p.field)] for p in spec.parents}
    columns |= {
        named.salesforce(field.api_name): written(frame[field.api_name], field.type, field.scale)
        for field in spec.fields
    }
    columns |= {named.parent_id(p.field): frame[p.field] for p in parents_by_id(spec, unlinked=unlinked)}
    return pa.table({name: pa.array(column, type=pa.string()) for name, column in columns.items()})


def _names(spec: EntitySpec, *, unlinked: bool) -> list[str]:
    parents = [named.parent_key(parent.field) for parent in spec.parents]
    fields = [named.salesforce(field.api_name) for field in spec.fields]
    ids = [named.parent_id(parent.field) for parent in parents_by_id(spec, unlinked=unlinked)]
    return [named.SALESFORCE_ID, named.KEY, *parents, *fields, *ids, named.STAMP]


def _proving(stamp: Any, began: datetime | None) -> Any:
    """Stamps are whole seconds: one of the second in which reading began, or later, says nothing of what
    followed in that second, and is left out, as is one of the minute before: who tells the time isn't who
    stamps. So is every one of an org that doesn't tell its time.
    """
    before = "" if began is None else f"{began.astimezone(UTC) - CLOCKS_APART:%Y-%m-%dT%H:%M:%S}"
    return pc.if_else(pc.less(stamp, pa.scalar(before)), stamp, pa.scalar(None, pa.string()))


def staged(
    pages: Iterable[pa.Table], empty: pa.Table, staging: Staging, *, name: str, folder: str, batch_rows: int
) -> int:
    """Write pages as parts of `batch_rows`; a set without records leaves one part, so that it has columns."""
    staging.clear(folder)
    parts: list[Batch] = []
    for table in _cut(pages, batch_rows):
        parts.append(staging.write(name, len(parts), folder, table))
    if not parts:
        staging.write(name, 0, folder, empty)
    return sum(part.rows for part in parts)


def _cut(pages: Iterable[pa.Table], batch_rows: int) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    rows = 0
    for page in pages:
        waiting.append(page)
        rows += page.num_rows
        while rows >= batch_rows:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, batch_rows)
            waiting, rows = [whole.slice(batch_rows)], rows - batch_rows
    if rows:
        yield pa.concat_tables(waiting)


def flattened(table: pa.Table) -> pa.Table:
    """Nested columns joined by dots."""
    while any(pa.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    return table
