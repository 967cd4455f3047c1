"""The statements that prepare an entity: everything that takes the whole set to know about a row.

Over the tables of the source view, `existing` (what Salesforce holds) and `plan_of_<field>` (the plan of
each parent) they find each row's key and how many share it, its record in Salesforce, and the state of
its parents. Rows are numbered in the order of their lock parent, and batches are cut at its boundaries, so
that no two batches have a row below the same one.

There are three of them, and the first two are kept on disk, so that nothing but sorts, joins and groups is
left, which spill: a window over whole rows would hold all of them in memory.
"""

from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec
from connector.sync.staged_sql import NUMBER, quoted

KEYED, ORDERED = "keyed", "ordered"
"""The names under which the results of the first two statements are kept."""


def keyed_sql(spec: EntitySpec, source_columns: list[str]) -> str:
    """First: every row of the source view with its key and its parents' keys."""
    components = [f"coalesce({_trimmed(column)}, '')" for column in spec.key]
    key = " || ':' || ".join(components)
    broken = " OR ".join(f"{component} = '' OR contains({component}, ':')" for component in components)
    lock = [f"lower(nullif({_trimmed(p.key)}, ''))" for p in spec.parents if p.field == spec.lock_parent]
    columns = [
        f"{quoted(column)}::VARCHAR AS {quoted(named.gentrack(column))}" for column in source_columns
    ] + [f"nullif({_trimmed(p.key)}, '') AS {quoted(named.parent_key(p.field))}" for p in spec.parents]
    return f"""
        SELECT id, {key} AS {named.KEY}, lower({key}) AS folded, {broken} AS {named.KEY_BROKEN},
               {lock[0] if lock else "NULL::VARCHAR"} AS lock, {", ".join(columns)}
        FROM ({spec.source.sql})
    """


def ordered_sql() -> str:
    """Second: the rows' order, narrow. Where a row stands in it is its number."""
    return f"""
        SELECT {NUMBER} AS keyed_number, folded, lock FROM {KEYED} ORDER BY lock NULLS FIRST, {named.KEY}, id
    """


def prepared_sql(spec: EntitySpec, batch_rows: int) -> str:
    """Third: the prepared rows in their order."""
    return f"""
        SELECT keyed.* EXCLUDE (lock, id, folded, {NUMBER}),
               ordered.{NUMBER} AS {named.ROW},
               sharing.{named.KEY_COUNT},
               coalesce(siblings.first, ordered.{NUMBER}) // {batch_rows} AS {named.BATCH},
               {", ".join(_existing_columns(spec))}
               {"".join(_parent_columns(spec))}
        FROM ordered
        JOIN keyed ON keyed.{NUMBER} = ordered.keyed_number
        JOIN (SELECT folded, count(*) AS {named.KEY_COUNT} FROM ordered GROUP BY folded) AS sharing
            ON sharing.folded = ordered.folded
        LEFT JOIN (SELECT lock, min({NUMBER}) AS first FROM ordered GROUP BY lock) AS siblings
            ON siblings.lock = ordered.lock
        {_existing_joins(spec)}
        {" ".join(_parent_joins(spec))}
        ORDER BY {named.ROW}
    """


def _trimmed(column: str) -> str:
    """A component of a key as Salesforce keeps it: without white space around it."""
    return f"trim({quoted(column)}::VARCHAR, E' \\t\\r\\n')"


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
    by_key = _one_record_each("by_key", f"lower({named.KEY})", f"{named.KEY} IS NOT NULL")
    joins = f"{by_key} ON lower(by_key.{named.KEY}) = keyed.folded"
    if spec.found_by_parents:
        by_parents = _one_record_each("by_parents", parents_joined(spec, "existing"), f"{named.KEY} IS NULL")
        joins += f"{by_parents} ON {parents_joined(spec, 'by_parents')} = {parents_joined(spec, 'keyed')}"
    return joins


def _one_record_each(name: str, what: str, where: str) -> str:
    """A join with the records that share `what`: one of them, so that it can't double a row."""
    return f"""
        LEFT JOIN (
            FROM existing SEMI JOIN (
                SELECT min({named.SALESFORCE_ID}) AS {named.SALESFORCE_ID}
                FROM existing WHERE {where} GROUP BY {what}
            ) AS one USING ({named.SALESFORCE_ID})
        ) AS {name}
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
        f" ON {p.field}_plan.folded = lower(keyed.{quoted(named.parent_key(p.field))})"
        for p in spec.parents
    ]
