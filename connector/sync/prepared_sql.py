"""The statements that prepare an entity: everything that takes the whole set to know about a row.

Over the tables of the source view, `existing` (what Salesforce holds), `linked` and `proposed` (what link
found) and `plan_of_<field>` (the plan of each parent) they find each row's key and how many share it, its
record in Salesforce, and the state of its parents. Rows are numbered in the order of their lock parent, and
batches are cut at its boundaries, so that no two batches have a row below the same one.

There are four, each kept on disk for the next: one sort of whole rows by their order, narrow facts about
them, Salesforce's values in the same order, and all of it side by side. A single statement of all these
joins, or a window over whole rows, would hold the set in memory: a million contacts don't fit into 1 GB.
"""

from collections.abc import Sequence

from connector.mapping import columns as named
from connector.mapping.ownership import owner_of
from connector.mapping.vocabulary import EntitySpec, Parent
from connector.sync.staged_sql import NUMBER, quoted

KEYED, FACTS, FOUND = "keyed", "facts", "found"
"""The names under which the first three results are kept: the same rows in the same order."""


def keyed_sql(spec: EntitySpec, source_columns: list[str], *, scoped: bool = False) -> str:
    """First: each row of the source view with its and its parents' keys. Its place is its number.

    With `scoped`, only rows whose key stands in the table `scope`.
    """
    key, broken = key_sql(spec)
    lock = [f"lower(nullif({trimmed(p.key)}, ''))" for p in spec.parents if p.field == spec.lock_parent]
    columns = [
        f"{quoted(column)}::VARCHAR AS {quoted(named.gentrack(column))}" for column in source_columns
    ] + [f"nullif({trimmed(p.key)}, '') AS {quoted(named.parent_key(p.field))}" for p in spec.parents]
    return f"""
        SELECT id, {key} AS {named.KEY}, lower({key}) AS folded, {broken} AS {named.KEY_BROKEN},
               {lock[0] if lock else "NULL::VARCHAR"} AS lock, {", ".join(columns)}
        FROM ({spec.source.sql})
        {f"WHERE lower({key}) IN (SELECT lower({named.KEY}) FROM scope)" if scoped else ""}
        ORDER BY lock NULLS FIRST, {named.KEY}, id
    """


def key_sql(spec: EntitySpec) -> tuple[str, str]:
    """Over the source view: a row's external id, and whether it can't be used as one."""
    components = [f"coalesce({trimmed(column)}, '')" for column in spec.key]
    broken = " OR ".join(f"{component} = '' OR contains({component}, ':')" for component in components)
    return " || ':' || ".join(components), broken


def existing_sql(linked_parents: Sequence[str]) -> str:
    """What Salesforce holds, with the external ids that linked parents are about to get there."""
    keys = [
        f"coalesce(held.{_key(field)}, {field}_linked.{named.EXTERNAL_ID}) AS {_key(field)}"
        for field in linked_parents
    ]
    joins = " ".join(
        f"LEFT JOIN linked_{field} AS {field}_linked"
        f" ON {field}_linked.{named.SALESFORCE_ID} = held.{quoted(named.parent_id(field))}"
        for field in linked_parents
    )
    replaced = f"REPLACE ({', '.join(keys)})" if keys else ""
    return f"SELECT held.* {replaced} FROM held {joins}"


def facts_sql(spec: EntitySpec, batch_rows: int) -> str:
    """Second: who shares a row's key, its batch, its record in Salesforce, the state of its parents."""
    found = [f"{name}.{named.SALESFORCE_ID}" for name in ("by_key", "by_link")]
    if spec.found_by_parents:
        found.append(f"by_parents.{named.SALESFORCE_ID}")
    return f"""
        SELECT keyed.{NUMBER} AS {named.ROW},
               sharing.{named.KEY_COUNT},
               coalesce(siblings.first, keyed.{NUMBER}) // {batch_rows} AS {named.BATCH},
               by_key.{named.SALESFORCE_ID} IS NOT NULL AS {named.LINKED},
               coalesce({", ".join(found)}) AS {named.SALESFORCE_ID},
               coalesce(by_review.{named.PROPOSED}, 0) AS {named.PROPOSED}
               {"".join(_parent_columns(spec))}
        FROM keyed
        JOIN (SELECT folded, count(*) AS {named.KEY_COUNT} FROM keyed GROUP BY folded) AS sharing
            ON sharing.folded = keyed.folded
        LEFT JOIN (SELECT lock, min({NUMBER}) AS first FROM keyed GROUP BY lock) AS siblings
            ON siblings.lock = keyed.lock
        {_existing_joins(spec)}
        LEFT JOIN linked AS by_link ON lower(by_link.{named.EXTERNAL_ID}) = keyed.folded
        LEFT JOIN (
            SELECT lower({named.EXTERNAL_ID}) AS folded, count(*) AS {named.PROPOSED}
            FROM proposed GROUP BY ALL
        ) AS by_review ON by_review.folded = keyed.folded
        {" ".join(_parent_joins(spec))}
        ORDER BY {named.ROW}
    """


def found_sql(spec: EntitySpec, held: Sequence[str]) -> str:
    """Third: the values that Salesforce holds for each row. `held` are the columns of what it holds."""
    columns = [f"existing.{quoted(named.salesforce(field.api_name))}" for field in spec.fields]
    columns += [
        f"existing.{quoted(named.parent_key(p.field))} AS {quoted(named.salesforce_parent(p.field))}"
        for p in spec.later_parents
    ]
    columns += [
        f"coalesce({_parentless(p, held)}, false) AS {quoted(named.parent_blank(p.field))}"
        for p in spec.fillable_parents
    ]
    values = ", ".join(columns)
    return f"""
        SELECT {values} FROM facts LEFT JOIN existing USING ({named.SALESFORCE_ID}) ORDER BY facts.{named.ROW}
    """


def _parentless(parent: Parent, held: Sequence[str]) -> str:
    """Only what was read with unlinked records tells; nothing else is linked for the first time."""
    parent_id = named.parent_id(parent.field)
    known = f"existing.{named.SALESFORCE_ID} IS NOT NULL"
    return f"{known} AND existing.{quoted(parent_id)} IS NULL" if parent_id in held else "false"


def prepared_sql() -> str:
    """Fourth: all of it side by side."""
    return f"""
        SELECT keyed.* EXCLUDE (lock, id, folded, {NUMBER}), facts.* EXCLUDE ({NUMBER}),
               found.* EXCLUDE ({NUMBER})
        FROM keyed POSITIONAL JOIN facts POSITIONAL JOIN found
    """


def _key(field: str) -> str:
    return quoted(named.parent_key(field))


def trimmed(column: str) -> str:
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
    columns = [
        f", {p.field}_plan.outcome AS {quoted(named.parent_outcome(p.field))}"
        f", {p.field}_plan.there AS {quoted(named.parent_there(p.field))}"
        f", {p.field}_plan.reason AS {quoted(named.parent_reason(p.field))}"
        for p in spec.first_parents
    ]
    if follows := owner_of(spec):
        columns.append(f", {follows}_plan.owner AS {quoted(named.gentrack(named.OWNER))}")
    return columns


def _parent_joins(spec: EntitySpec) -> list[str]:
    """A key that several rows of the parent share is rejected in all of them, so any of them tells."""
    return [
        f"LEFT JOIN (SELECT lower({named.KEY}) AS folded, any_value({named.OUTCOME}) AS outcome,"
        f" any_value({named.REASON}) AS reason, bool_or({named.LINKED}) AS there{_owner(spec, p)}"
        f" FROM plan_of_{p.field} GROUP BY ALL) AS {p.field}_plan"
        f" ON {p.field}_plan.folded = lower(keyed.{quoted(named.parent_key(p.field))})"
        for p in spec.first_parents
    ]


def _owner(spec: EntitySpec, parent: Parent) -> str:
    return f", any_value({named.OWNER}) AS owner" if owner_of(spec) == parent.field else ""
