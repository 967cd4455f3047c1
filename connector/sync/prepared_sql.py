"""The one statement that prepares an entity: everything that takes the whole set to know about a row.

Over the tables of the source view, `existing` (what Salesforce holds) and `plan_of_<field>` (the plan of each
parent) it finds each row's key and how many share it, its record in Salesforce, and the state of its parents.
Rows are numbered in the order of their lock parent, and batches are cut at its boundaries, so that no two
batches have a row below the same one.
"""

from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec
from connector.sync.staged_sql import quoted


def prepared_sql(spec: EntitySpec, source_columns: list[str], batch_rows: int) -> str:
    """The statement, ordered by row; `source_columns` are those of the source view."""
    return f"""
        WITH source AS ({spec.source.sql}),
        keyed AS ({_keyed(spec, source_columns)}),
        ordered AS (
            SELECT *,
                   row_number() OVER (ORDER BY lock NULLS FIRST, {named.KEY}, id) - 1 AS {named.ROW},
                   count(*) OVER (PARTITION BY folded) AS {named.KEY_COUNT}
            FROM keyed
        )
        SELECT ordered.* EXCLUDE (lock, id, folded),
               {_boundary(spec)} // {batch_rows} AS {named.BATCH},
               {", ".join(_existing_columns(spec))}
               {"".join(_parent_columns(spec))}
        FROM ordered
        {_existing_joins(spec)}
        {" ".join(_parent_joins(spec))}
        ORDER BY {named.ROW}
    """


def _keyed(spec: EntitySpec, source_columns: list[str]) -> str:
    components = [f"coalesce({_trimmed(column)}, '')" for column in spec.key]
    key = " || ':' || ".join(components)
    broken = " OR ".join(f"{component} = '' OR contains({component}, ':')" for component in components)
    lock = [f"lower(nullif({_trimmed(p.key)}, ''))" for p in spec.parents if p.field == spec.lock_parent]
    columns = [
        f"{quoted(column)}::VARCHAR AS {quoted(named.gentrack(column))}" for column in source_columns
    ] + [f"nullif({_trimmed(p.key)}, '') AS {quoted(named.parent_key(p.field))}" for p in spec.parents]
    return f"""
        SELECT id, {key} AS {named.KEY}, lower({key}) AS folded, {broken} AS {named.KEY_BROKEN},
               {lock[0] if lock else "NULL"} AS lock, {", ".join(columns)}
        FROM source
    """


def _trimmed(column: str) -> str:
    """A component of a key as Salesforce keeps it: without white space around it."""
    return f"trim({quoted(column)}::VARCHAR, E' \\t\\r\\n')"


def _boundary(spec: EntitySpec) -> str:
    """The row that decides a row's batch: the first below the same lock parent."""
    if spec.lock_parent is None:
        return named.ROW
    return f"(CASE WHEN lock IS NULL THEN {named.ROW} ELSE min({named.ROW}) OVER (PARTITION BY lock) END)"


def _existing_columns(spec: EntitySpec) -> list[str]:
    names = [named.SALESFORCE_ID, *(named.salesforce(field.api_name) for field in spec.fields)]
    linked = f"by_key.{named.SALESFORCE_ID} IS NOT NULL"
    if not spec.found_by_parents:
        return [f"{linked} AS {named.LINKED}", *(f"by_key.{quoted(name)}" for name in names)]
    return [
        f"{linked} AS {named.LINKED}",
        *(
            f"CASE WHEN {linked} THEN by_key.{quoted(n)} ELSE by_parents.{quoted(n)} END AS {quoted(n)}"
            for n in names
        ),
    ]


def _existing_joins(spec: EntitySpec) -> str:
    by_key = f"""
        LEFT JOIN (
            FROM existing WHERE {named.KEY} IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY lower({named.KEY}) ORDER BY {named.SALESFORCE_ID}) = 1
        ) AS by_key ON lower(by_key.{named.KEY}) = ordered.folded
    """
    if not spec.found_by_parents:
        return by_key
    return f"""{by_key}
        LEFT JOIN (
            FROM existing WHERE {named.KEY} IS NULL
            QUALIFY row_number() OVER (
                PARTITION BY {parents_joined(spec, "existing")} ORDER BY {named.SALESFORCE_ID}
            ) = 1
        ) AS by_parents ON {parents_joined(spec, "by_parents")} = {parents_joined(spec, "ordered")}
    """


def parents_joined(spec: EntitySpec, table: str) -> str:
    """The parents' external ids of a row as one folded value; NULL where one of them is."""
    return " || ':' || ".join(f"lower({table}.{quoted(named.parent_key(p.field))})" for p in spec.parents)


def _parent_columns(spec: EntitySpec) -> list[str]:
    return [
        f", {p.field}_plan.outcome AS {quoted(named.parent_outcome(p.field))}"
        f", {p.field}_plan.reason AS {quoted(named.parent_reason(p.field))}"
        for p in spec.parents
    ]


def _parent_joins(spec: EntitySpec) -> list[str]:
    """A key that several rows of the parent share is rejected in all of them, so any of them tells."""
    return [
        f"LEFT JOIN (SELECT lower({named.KEY}) AS folded, any_value({named.OUTCOME}) AS outcome,"
        f" any_value({named.REASON}) AS reason FROM plan_of_{p.field} GROUP BY ALL) AS {p.field}_plan"
        f" ON {p.field}_plan.folded = lower(ordered.{quoted(named.parent_key(p.field))})"
        for p in spec.parents
    ]
