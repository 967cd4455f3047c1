"""The statements that prepare an entity: everything that takes the whole set to know about a row.

Over the tables of the source view, `existing` (what Salesforce holds) and `plan_of_<field>` (the plan of
each parent) they find each row's key and how many share it, its record in Salesforce, and the state of
its parents. Rows are numbered in the order of their lock parent, and batches are cut at its boundaries, so
that no two batches have a row below the same one.

There are four, each kept on disk for the next: one sort of whole rows by their order, narrow facts about
them, Salesforce's values in the same order, and all of it side by side. A single statement of all these
joins, or a window over whole rows, would hold the set in memory: a million contacts don't fit into 1 GB.
"""

from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec
from connector.sync.staged_sql import NUMBER, quoted

KEYED, FACTS, FOUND = "keyed", "facts", "found"
"""The names under which the first three results are kept: the same rows in the same order."""


def keyed_sql(spec: EntitySpec, source_columns: list[str]) -> str:
    """First: each row of the source view with its and its parents' keys. Its place is its number."""
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
        ORDER BY lock NULLS FIRST, {named.KEY}, id
    """


def facts_sql(spec: EntitySpec, batch_rows: int) -> str:
    """Second: who shares a row's key, its batch, its record in Salesforce, the state of its parents."""
    found_id = f"by_key.{named.SALESFORCE_ID}"
    if spec.found_by_parents:
        found_id = f"coalesce({found_id}, by_parents.{named.SALESFORCE_ID})"
    return f"""
        SELECT keyed.{NUMBER} AS {named.ROW},
               sharing.{named.KEY_COUNT},
               coalesce(siblings.first, keyed.{NUMBER}) // {batch_rows} AS {named.BATCH},
               by_key.{named.SALESFORCE_ID} IS NOT NULL AS {named.LINKED},
               {found_id} AS {named.SALESFORCE_ID}
               {"".join(_parent_columns(spec))}
        FROM keyed
        JOIN (SELECT folded, count(*) AS {named.KEY_COUNT} FROM keyed GROUP BY folded) AS sharing
            ON sharing.folded = keyed.folded
        LEFT JOIN (SELECT lock, min({NUMBER}) AS first FROM keyed GROUP BY lock) AS siblings
            ON siblings.lock = keyed.lock
        {_existing_joins(spec)}
        {" ".join(_parent_joins(spec))}
        ORDER BY {named.ROW}
    """


def found_sql(spec: EntitySpec) -> str:
    """Third: the values that Salesforce holds for each row."""
    columns = [f"existing.{quoted(named.salesforce(field.api_name))}" for field in spec.fields]
    columns += [
        f"existing.{quoted(named.parent_key(p.field))} AS {quoted(named.salesforce_parent(p.field))}"
        for p in spec.later_parents
    ]
    values = ", ".join(columns)
    return f"""
        SELECT {values} FROM facts LEFT JOIN existing USING ({named.SALESFORCE_ID}) ORDER BY facts.{named.ROW}
    """


def prepared_sql() -> str:
    """Fourth: all of it side by side."""
    return f"""
        SELECT keyed.* EXCLUDE (lock, id, folded, {NUMBER}), facts.* EXCLUDE ({NUMBER}),
               found.* EXCLUDE ({NUMBER})
        FROM keyed POSITIONAL JOIN facts POSITIONAL JOIN found
    """


def _trimmed(column: str) -> str:
    """A component of a key as Salesforce keeps it: without white space around it."""
    return f"trim({quoted(column)}::VARCHAR, E' \\t\\r\\n')"


def _existing_joins(spec: EntitySpec) -> str:
    joins = _record_ids("by_key", f"lower({named.KEY})", "NOT NULL", "keyed.folded")
    if spec.found_by_parents:
        joins += _record_ids(
            "by_parents", parents_joined(spec, "existing"), "NULL", parents_joined(spec, "keyed")
        )
    return joins


def _record_ids(name: str, value: str, key_is: str, ours: str) -> str:
    """A join with the one record that has our value, so that twins in Salesforce can't double a row."""
    return f"""
        LEFT JOIN (
            SELECT {value} AS value, min({named.SALESFORCE_ID}) AS {named.SALESFORCE_ID}
            FROM existing WHERE {named.KEY} IS {key_is} GROUP BY ALL
        ) AS {name} ON {name}.value = {ours}
    """


def parents_joined(spec: EntitySpec, table: str) -> str:
    """The parents' external ids of a row as one folded value; NULL where one of them is."""
    return " || ':' || ".join(f"lower({table}.{quoted(named.parent_key(p.field))})" for p in spec.parents)


def _parent_columns(spec: EntitySpec) -> list[str]:
    return [
        f", {p.field}_plan.outcome AS {quoted(named.parent_outcome(p.field))}"
        f", {p.field}_plan.reason AS {quoted(named.parent_reason(p.field))}"
        for p in spec.first_parents
    ]


def _parent_joins(spec: EntitySpec) -> list[str]:
    """A key that several rows of the parent share is rejected in all of them, so any of them tells."""
    return [
        f"LEFT JOIN (SELECT lower({named.KEY}) AS folded, any_value({named.OUTCOME}) AS outcome,"
        f" any_value({named.REASON}) AS reason FROM plan_of_{p.field} GROUP BY ALL) AS {p.field}_plan"
        f" ON {p.field}_plan.folded = lower(keyed.{quoted(named.parent_key(p.field))})"
        for p in spec.first_parents
    ]
