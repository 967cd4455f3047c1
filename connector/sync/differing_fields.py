"""Differing fields: what Salesforce masters and Gentrack holds otherwise, and what stands in the way of it.

Found on prepared parts, of the few rows that transform marked, and judged set against set: a place in
Gentrack that several values of Salesforce stand for is written only where all of them agree. Nothing is
written here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from connector.mapping import claims as claim
from connector.mapping import columns as named
from connector.mapping.claims import Obstacle, claims
from connector.mapping.converters import text_columns
from connector.mapping.vocabulary import EntitySpec, Field, Origin, Parent
from connector.model.batch import Batch
from connector.model.outcome import RowOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.ports import LinkLedger
from connector.sync.staged_sql import StagedSql, Workspace, quoted

RECORDS_A_BATCH = 500
"""Records of Gentrack that are written before it is kept what became of them."""
_PLACE = f"{claim.RESOURCE}, {claim.RECORD}, {claim.PATH}"


def find_differing(
    run: Run, entities: Sequence[EntitySpec], links: LinkLedger, workspace: Workspace
) -> list[Batch]:
    """Stage every differing field of planned entities; returns the batches that may be written.

    A row of a batch is a place in a record; the places of one record stand together.
    """
    staging = workspace.staging
    for folder in (folders.claims, folders.differing, folders.to_write, folders.begun, folders.written):
        staging.clear(folder(run))
    planned = [s for s in entities if s.salesforce_fields and staging.parts(folders.plan(run, s.name))]
    number = 0
    for spec in planned:
        for piece in _claims_of(run, spec, links, workspace):
            staging.write(spec.name, number, folders.claims(run), piece)
            number += 1
    if not number:
        return []
    with workspace.sql() as sql:
        sql.table("claims", folders.claims(run))
        for spec in planned:
            sql.table(f"plan_of_{spec.name}", folders.plan(run, spec.name))
            sql.table(f"prepared_{spec.name}", folders.prepared(run, spec.name))
        outside = [] if run.scope.is_whole else _outside(run, planned, sql)
        sql.keep("judged", _judged_sql(planned, outside))
        for part, rows in enumerate(sql.stream("SELECT * EXCLUDE (file_row_number) FROM judged")):
            staging.write("differing", part, folders.differing(run), pa.Table.from_batches([rows]))
        return [
            staging.write("to_write", number, folders.to_write(run), table)
            for number, table in sql.batches(_to_write_sql())
            if table.num_rows
        ]


def _claims_of(run: Run, spec: EntitySpec, links: LinkLedger, workspace: Workspace) -> Iterator[pa.Table]:
    with workspace.sql() as sql:
        sql.table("plan", folders.plan(run, spec.name))
        sql.table("prepared", folders.prepared(run, spec.name))
        loaded = bool(workspace.staging.parts(folders.result(run, spec.name)))
        if loaded:
            sql.table("result", folders.result(run, spec.name))
        sql.arrow("unreviewed", links.unreviewed(run, spec.name))
        if spec.found_by_parents:
            for parent in spec.first_parents:
                sql.arrow(f"unreviewed_{parent.field}", links.unreviewed(run, parent.entity))
                sql.table(f"plan_of_{parent.field}", folders.plan(run, parent.entity))
        for piece in sql.stream(_rows_sql(spec, loaded=loaded)):
            frame = pa.Table.from_batches([piece]).to_pandas(types_mapper=text_columns)
            found = claims(spec, frame)
            if len(found):
                yield pa.Table.from_pandas(found, schema=claim.SCHEMA, preserve_index=False)


def _rows_sql(spec: EntitySpec, *, loaded: bool) -> str:
    """The rows that transform marked, whose record carries the external id or got it in this run."""
    origins = [o for field in spec.salesforce_fields for o in _origins(spec, field)]
    ours = {named.gentrack(source): None for field in spec.fields for source in field.sources}
    ours |= {named.gentrack(name): None for origin in origins for name in (origin.record, origin.found_in)}
    columns = [f"prepared.{quoted(name)}" for name in ours]
    for field in spec.salesforce_fields:
        columns.append(f"prepared.{quoted(named.salesforce(field.api_name))}")
        columns.append(f"plan.{quoted(named.target(field.api_name))}")
    own = (
        f"(lower(plan.{named.KEY}), plan.{named.SALESFORCE_ID})"
        f" IN (SELECT lower({named.EXTERNAL_ID}), {named.SALESFORCE_ID} FROM unreviewed)"
    )
    waiting = [own]
    if spec.found_by_parents:
        waiting += [_parent_waits(parent) for parent in spec.first_parents]
    joined, known_by = (f"LEFT JOIN result USING ({named.ROW})", "result") if loaded else ("", "plan")
    return f"""
        SELECT plan.{named.ROW}, plan.{named.KEY}, plan.{named.SALESFORCE_ID}, plan.{named.LINKED},
               NOT coalesce({" OR ".join(waiting)}, false) AS {claim.REVIEWED}, {", ".join(columns)}
        FROM plan JOIN prepared USING ({named.ROW}) {joined}
        WHERE plan.{named.SALESFORCE_DIFFERS}
          AND (plan.{named.LINKED} OR {known_by}.{named.OUTCOME} = '{RowOutcome.UPDATED}')
        ORDER BY plan.{named.ROW}
    """


def _parent_waits(parent: Parent) -> str:
    """What is found by its parents is as sure as they are."""
    return f"""
        lower(plan.{quoted(named.parent_key(parent.field))}) IN (
            SELECT lower({named.EXTERNAL_ID}) FROM unreviewed_{parent.field} AS pair
            JOIN plan_of_{parent.field} AS theirs
                ON lower(theirs.{named.KEY}) = lower(pair.{named.EXTERNAL_ID})
                AND theirs.{named.SALESFORCE_ID} = pair.{named.SALESFORCE_ID}
        )
    """


def _outside(run: Run, entities: Sequence[EntitySpec], sql: StagedSql) -> list[str]:
    """Places that a record stands for which a pilot or a retry is not about: nobody knows what it says."""
    sql.variable("today", run.started_at.date().isoformat())
    shared = _shared_places(entities)
    for name in {resource.name for one in shared for resource in one.spec.source.resources}:
        sql.table(name, folders.gentrack(run, name))
    return [_stands_outside(one) for one in shared]


def _judged_sql(entities: Sequence[EntitySpec], outside: Sequence[str]) -> str:
    """Claims with what stands in their way; a unit goes whole, or not at all."""
    among_themselves = (
        f"SELECT {_PLACE} FROM claims WHERE {claim.RECORD} IS NOT NULL GROUP BY ALL"
        f" HAVING count(DISTINCT coalesce({claim.WISHED}, '')) > 1"
    )
    others = [_others_say_otherwise(one) for one in _shared_places(entities)]
    contradicted = " UNION ".join([among_themselves, *others])
    disputes = f"SELECT *, '{Obstacle.CONTRADICTED}' AS why FROM ({contradicted})"
    if outside:
        disputes += f" UNION SELECT *, '{Obstacle.STANDS_OUTSIDE}' AS why FROM ({' UNION '.join(outside)})"
    disputes = f"SELECT {_PLACE}, min(why) AS why FROM ({disputes}) GROUP BY ALL"
    own = f"coalesce(claims.{claim.CODE}, disputed.why)"
    unit = f"{claim.ENTITY}, {named.ROW}, {claim.UNIT}"
    return f"""
        SELECT * REPLACE (coalesce({claim.CODE}, CASE
            WHEN count({claim.CODE}) OVER (PARTITION BY {unit}) > 0 THEN '{Obstacle.UNIT_INCOMPLETE}'
        END) AS {claim.CODE})
        FROM (
            SELECT claims.* REPLACE ({own} AS {claim.CODE})
            FROM claims LEFT JOIN ({disputes}) AS disputed USING ({_PLACE})
        )
        ORDER BY {claim.ENTITY}, {named.ROW}, {claim.FIELD}, {claim.PATH}
    """


@dataclass(frozen=True)
class _Claimant:
    spec: EntitySpec
    field: Field
    origin: Origin


def _shared_places(entities: Sequence[EntitySpec]) -> list[_Claimant]:
    """Fields whose place in Gentrack is that of another field, or of another row."""
    every = [
        _Claimant(spec, field, origin)
        for spec in entities
        for field in spec.salesforce_fields
        for origin in _origins(spec, field)
    ]
    by_place: dict[tuple[str, str], list[_Claimant]] = {}
    for one in every:
        by_place.setdefault((one.origin.resource.name, one.origin.path), []).append(one)
    return [
        one
        for claimants in by_place.values()
        for one in claimants
        if len(claimants) > 1 or one.origin.resource is not one.spec.source.resources[0]
    ]


def _others_say_otherwise(one: _Claimant) -> str:
    """Places that should change, though a value of Salesforce that stands for them agrees with Gentrack."""
    name, record = one.spec.name, quoted(named.gentrack(one.origin.record))
    done = ", ".join(f"'{o}'" for o in (RowOutcome.CREATED, RowOutcome.UPDATED, RowOutcome.UNCHANGED))
    return f"""
        SELECT wanted.{claim.RESOURCE}, wanted.{claim.RECORD}, wanted.{claim.PATH}
        FROM claims AS wanted
        JOIN prepared_{name} AS theirs ON theirs.{record} = wanted.{claim.RECORD}
        JOIN plan_of_{name} AS planned ON planned.{named.ROW} = theirs.{named.ROW}
        ANTI JOIN (
            FROM claims WHERE {claim.ENTITY} = '{name}' AND {claim.FIELD} = '{one.field.api_name}'
              AND {claim.RECORD} IS NOT NULL
        ) AS same ON same.{named.ROW} = theirs.{named.ROW}
        WHERE wanted.{claim.RESOURCE} = '{one.origin.resource.name}' AND wanted.{claim.DIFFERS}
          AND wanted.{claim.PATH} = '{one.origin.path}'
          AND (planned.{named.LINKED} OR planned.{named.OUTCOME} IN ({done}))
    """


def _stands_outside(one: _Claimant) -> str:
    return f"""
        SELECT wanted.{claim.RESOURCE}, wanted.{claim.RECORD}, wanted.{claim.PATH}
        FROM claims AS wanted
        JOIN ({one.spec.source.sql}) AS theirs
            ON theirs.{quoted(one.origin.record)}::VARCHAR = wanted.{claim.RECORD}
        ANTI JOIN prepared_{one.spec.name} AS ours
            ON ours.{quoted(named.gentrack("id"))}::VARCHAR = theirs.id::VARCHAR
        WHERE wanted.{claim.RESOURCE} = '{one.origin.resource.name}' AND wanted.{claim.DIFFERS}
          AND wanted.{claim.PATH} = '{one.origin.path}'
    """


def _origins(spec: EntitySpec, field: Field) -> list[Origin]:
    return [origin for source in field.sources for origin in spec.source.origins_of(source)]


def _to_write_sql() -> str:
    """Several claims of one place agree, so that one of them is written for all."""
    place = f"{claim.RESOURCE}, {claim.RECORD}::BIGINT"
    return f"""
        SELECT judged.* EXCLUDE (file_row_number),
               (dense_rank() OVER (ORDER BY {place}) - 1) // {RECORDS_A_BATCH} AS {named.BATCH}
        FROM judged WHERE {claim.CODE} IS NULL
        ORDER BY {place}, {claim.ENTITY}, {named.ROW}, {claim.FIELD}, {claim.PATH}
    """
