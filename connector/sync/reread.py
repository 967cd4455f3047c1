"""Reread: a Gentrack resource as an earlier run staged it, with what has changed since.

A retry needs all of a resource - the home account of a contact and who else has its email take the whole set
to know - but reads of it only what changed, and the refused records themselves, changed or not.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import pyarrow as pa

from connector.mapping.vocabulary import Resource
from connector.model.run import Run
from connector.sync import folders
from connector.sync.extract import flattened, staged
from connector.sync.ports import GentrackSource
from connector.sync.staged_sql import Workspace


def reread(
    run: Run,
    earlier: Run,
    resource: Resource,
    source: GentrackSource,
    workspace: Workspace,
    *,
    since: datetime,
    ids: Sequence[int],
) -> int:
    """Stage a resource whole; returns how many records were read. One of `ids` that is gone is left out."""
    empty = flattened(pa.schema(list(resource.row_type)).empty_table())
    pages = (flattened(page) for page in source.changed(resource.name, resource.row_type, since, ids))
    fresh = folders.reread(run, resource.name)
    rows = staged(
        pages, empty, workspace.staging, name=resource.name, folder=fresh, batch_rows=workspace.batch_rows
    )
    with workspace.sql() as sql:
        sql.table("before", folders.gentrack(earlier, resource.name))
        sql.table("fresh", fresh)
        sql.arrow("asked", pa.table({"id": pa.array(ids, pa.int64())}))
        whole = sql.stream("""
            FROM before ANTI JOIN (SELECT id FROM fresh UNION ALL SELECT id FROM asked) AS newer USING (id)
            UNION ALL BY NAME FROM fresh
        """)
        pieces: Iterator[pa.Table] = (
            pa.Table.from_batches([batch]).select(empty.column_names).cast(empty.schema) for batch in whole
        )
        staged(
            pieces,
            empty,
            workspace.staging,
            name=resource.name,
            folder=folders.gentrack(run, resource.name),
            batch_rows=workspace.batch_rows,
        )
    return rows
