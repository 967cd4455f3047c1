"""Refused: what an earlier run left failed, rejected or held, as its retry begins with it."""

from collections.abc import Sequence

import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec, Resource
from connector.model.run import Run
from connector.sync import folders
from connector.sync.ports import Staging
from connector.sync.settling import refused_keys
from connector.sync.staged_sql import Workspace

REREAD_AT_MOST = 10_000
"""Records of a resource that are read again one by one: of more, only what changed is."""
_REFUSED = pa.schema({named.KEY: pa.string(), "id": pa.string()})


def find_refused(
    run: Run, earlier: Run, entities: Sequence[EntitySpec], workspace: Workspace
) -> dict[str, int]:
    """Stage keys and Gentrack ids of the rows that `earlier` refused; returns how many by entity."""
    staging, sizes = workspace.staging, {}
    for spec in entities:
        folder = folders.refused(run, spec.name)
        staging.clear(folder)
        pieces = list(refused_keys(earlier, spec, workspace)) or [_REFUSED.empty_table()]
        sizes[spec.name] = sum(
            staging.write(spec.name, number, folder, piece.cast(_REFUSED)).rows
            for number, piece in enumerate(pieces)
        )
    return sizes


def ids_to_reread(
    run: Run, entities: Sequence[EntitySpec], resource: Resource, staging: Staging
) -> list[int]:
    """The ids of refused rows in the resource that is theirs, the first of their view; none if too many."""
    parts = [
        part
        for spec in entities
        if spec.source.resources[0] == resource
        for part in staging.parts(folders.refused(run, spec.name))
    ]
    if sum(part.rows for part in parts) > REREAD_AT_MOST:
        return []
    ids = {str(value) for part in parts for value in staging.read(part.path, ["id"])["id"].to_pylist()}
    return sorted(map(int, ids))
