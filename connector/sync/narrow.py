"""Narrow: which records of each entity a pilot or a retry is about, before link and transform look at any.

Sets against sets, by the parents that the registry declares. A pilot goes *down* from its accounts to
everything that hangs on them, a retry begins with the rows that the earlier run refused; then both go *up* to
everything that these need, and not down again from there: that would be the whole tenant.
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec
from connector.model.run import Run
from connector.model.scope import Scope
from connector.sync import folders
from connector.sync.ports import Staging
from connector.sync.prepared_sql import key_sql, trimmed
from connector.sync.staged_sql import StagedSql, Workspace, quoted

KEYED_AT_MOST = 10_000
"""Keys of an entity up to which Salesforce is asked for just these: beyond, one whole query costs less."""
_KEYS = pa.schema([(named.KEY, pa.string())])


def narrow(run: Run, entities: Sequence[EntitySpec], workspace: Workspace) -> dict[str, int]:
    """Stage the keys that the run is about; Gentrack's side is staged. Returns how many by entity.

    Of a retry, what the earlier run refused is staged as well (`connector.sync.refused`).
    """
    staging = workspace.staging
    sizes = {}
    with workspace.sql() as sql:
        sql.variable("today", run.started_at.date().isoformat())
        for resource in {resource.name for spec in entities for resource in spec.source.resources}:
            sql.table(resource, folders.gentrack(run, resource))
        for spec in entities:
            sql.keep(_rows(spec), _rows_sql(spec))
        for spec in entities:
            sql.keep(_begun(spec), _begun_sql(run, spec, entities, sql))
        for spec in reversed(entities):
            sql.keep(_scope(spec), _scope_sql(spec, entities))
        for spec in entities:
            staging.clear(folders.scope(run, spec.name))
            sizes[spec.name] = 0
            for number, keys in enumerate(_pieces(sql, spec)):
                sizes[spec.name] += staging.write(spec.name, number, folders.scope(run, spec.name), keys).rows
    return sizes


def keys_to_read(run: Run, name: str, staging: Staging) -> list[str] | None:
    """The keys of an entity that Salesforce is asked for; None where it is asked for all there are."""
    if run.scope.is_whole:
        return None
    parts = staging.parts(folders.scope(run, name))
    if sum(part.rows for part in parts) > KEYED_AT_MOST:
        return None
    keys = [key for part in parts for key in staging.read(part.path)[named.KEY].to_pylist()]
    return [str(key) for key in keys if key]  # an empty text finds records without any


def _rows_sql(spec: EntitySpec) -> str:
    """Each row's id in Gentrack, its key, its parents' keys folded, and what a sample looks at."""
    key, _ = key_sql(spec)
    columns = [
        f", lower(nullif({trimmed(p.key)}, '')) AS {quoted(named.parent_key(p.field))}" for p in spec.parents
    ]
    if spec.pilot:
        columns += [f", {quoted(kind)}::VARCHAR AS {quoted(kind)}" for kind in spec.pilot.kinds]
    return f"""
        SELECT id::VARCHAR AS id, {key} AS {named.KEY}, lower({key}) AS folded {"".join(columns)}
        FROM ({spec.source.sql})
    """


def _begun_sql(run: Run, spec: EntitySpec, entities: Sequence[EntitySpec], sql: StagedSql) -> str:
    """What an entity begins with: what was refused, the accounts of a pilot, or what hangs on these."""
    if run.scope.retry_of:
        sql.table(f"{spec.name}_refused", folders.refused(run, spec.name))
        return f"""
            SELECT folded FROM {_rows(spec)}
            WHERE folded IN (SELECT lower({named.KEY}) FROM {spec.name}_refused)
               OR id IN (SELECT id FROM {spec.name}_refused)
        """
    if spec.pilot:
        return _chosen_sql(run.scope, spec, entities, sql)
    by_name = {other.name: other for other in entities}
    hanging = [
        f"SELECT folded FROM {_rows(spec)} AS ours SEMI JOIN {_begun(by_name[p.entity])} AS above"
        f" ON above.folded = ours.{quoted(named.parent_key(p.field))}"
        for p in spec.first_parents
    ]
    return " UNION ".join(hanging) or f"SELECT folded FROM {_rows(spec)} WHERE false"


def _chosen_sql(scope: Scope, spec: EntitySpec, entities: Sequence[EntitySpec], sql: StagedSql) -> str:
    if scope.sample is None:
        numbers = [number.lower() for number in scope.accounts]
        sql.arrow("chosen", pa.table({"folded": pa.array(numbers, pa.string())}))
        return f"SELECT DISTINCT folded FROM {_rows(spec)} SEMI JOIN chosen USING (folded)"
    return _sample_sql(spec, entities, scope.sample)


def _sample_sql(spec: EntitySpec, entities: Sequence[EntitySpec], size: int) -> str:
    """As many records, the same ones for the same data: one of each profile after another.

    A profile is which entities hang directly on a record, and its kinds. The one on which most hangs comes
    first; within a profile, records stand in the order of a hash of their keys.
    """
    children = [
        (f"{child.name}_{p.field}", child, p)
        for child in entities
        for p in child.first_parents
        if p.entity == spec.name
    ]
    joins = " ".join(
        f"LEFT JOIN (SELECT DISTINCT {quoted(named.parent_key(p.field))} AS folded FROM {_rows(child)})"
        f" AS {alias} ON {alias}.folded = ours.folded"
        for alias, child, p in children
    )
    hanging = [f"({alias}.folded IS NOT NULL)::INTEGER" for alias, _, _ in children]
    kinds = [f"ours.{quoted(kind)}" for kind in (spec.pilot.kinds if spec.pilot else ())]
    profile = ", ".join([*kinds, *hanging]) or "1"
    return f"""
        SELECT folded FROM (
            SELECT ours.folded, md5(ours.folded) AS place, {" + ".join(hanging) or "0"} AS hanging,
                   row_number() OVER (PARTITION BY {profile} ORDER BY md5(ours.folded)) AS turn
            FROM (FROM {_rows(spec)} QUALIFY row_number() OVER (PARTITION BY folded ORDER BY id) = 1) AS ours
            {joins}
        )
        ORDER BY turn, hanging DESC, place LIMIT {size}
    """


def _scope_sql(spec: EntitySpec, entities: Sequence[EntitySpec]) -> str:
    """What an entity begins with, what its children in scope need, and what these need above them."""
    needed = [f"SELECT folded FROM {_begun(spec)}"] + [
        f"SELECT ours.{quoted(named.parent_key(p.field))} FROM {_rows(child)} AS ours"
        f" SEMI JOIN {_scope(child)} AS below ON below.folded = ours.folded"
        for child in entities
        for p in child.first_parents
        if p.entity == spec.name
    ]
    above = [
        f"SELECT ours.{quoted(named.parent_key(p.field))} FROM inside"
        f" JOIN {_rows(spec)} AS ours USING (folded)"
        for p in spec.later_parents
    ]
    return f"""
        WITH RECURSIVE inside(folded) AS ({" UNION ".join([*needed, *above])})
        SELECT folded FROM inside WHERE folded IS NOT NULL
    """


def _pieces(sql: StagedSql, spec: EntitySpec) -> Iterator[pa.Table]:
    """The keys in scope that Gentrack has; at least one piece, so that what is staged has columns."""
    found = sql.stream(
        f"SELECT DISTINCT {named.KEY} FROM {_rows(spec)} SEMI JOIN {_scope(spec)} USING (folded)"
        f" ORDER BY {named.KEY}"
    )
    pieces = [pa.Table.from_batches([batch]).cast(_KEYS) for batch in found]
    return iter(pieces or [_KEYS.empty_table()])


def _rows(spec: EntitySpec) -> str:
    return f"{spec.name}_rows"


def _begun(spec: EntitySpec) -> str:
    return f"{spec.name}_begun"


def _scope(spec: EntitySpec) -> str:
    return f"{spec.name}_scope"
