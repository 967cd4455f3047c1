"""Records of Gentrack as extract stages them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from connector.entities import registry
from connector.model.run import Run
from connector.sync import folders
from connector.sync.staged_sql import Workspace


def put_gentrack(run: Run, workspace: Workspace, **resources: Sequence[Mapping[str, Any]]) -> None:
    """Stage records by resource; missing ones are empty."""
    for resource in {r.name: r for spec in registry() for r in spec.source.resources}.values():
        table = pa.Table.from_pylist(
            [dict(record) for record in resources.get(resource.name, ())], pa.schema(list(resource.row_type))
        )
        while any(pa.types.is_struct(column.type) for column in table.schema):
            table = table.flatten()
        workspace.staging.write(resource.name, 0, folders.gentrack(run, resource.name), table)
