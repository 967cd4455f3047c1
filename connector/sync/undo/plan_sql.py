"""The statements of an undo: before-images beside what stands now, and which parents must stay.

As in `prepared_sql`, narrow facts are found first and the values are fetched in the same order, so that no
single statement holds a large set in memory.
"""

from collections.abc import Iterator, Sequence

from connector.mapping import columns as named
from connector.mapping.decisions import Operation
from connector.mapping.undoing import Undoing
from connector.mapping.vocabulary import EntitySpec
from connector.model.outcome import REFUSED, RowOutcome
from connector.sync.before_images import IMAGES
from connector.sync.staged_sql import NUMBER, quoted

FACTS, VALUES = "facts", "values_now"
BEFORE_ID = "before_id"
"""The id that a record had when its before-image was taken."""
_MADE = f"images.{named.OPERATION} IN ('{Operation.CREATE}', '{Operation.ADOPT}', '{Operation.MET}')"
_GOING = f"'{Undoing.DELETE}', '{Undoing.FOLLOW}'"
_REFUSED = ", ".join(f"'{outcome}'" for outcome in REFUSED)


def children_of(spec: EntitySpec, entities: Sequence[EntitySpec]) -> Iterator[tuple[EntitySpec, str]]:
    """The entities whose records stand below those of `spec`, with their lookup; the entity itself never."""
    for child in entities:
        for parent in child.first_parents:
            if parent.entity == spec.name:
                yield child, parent.field


def staying_sql(child: EntitySpec, lookup: str) -> str:
    """Over `records_<child>` and `plan_<child>`: parents' ids of records that this undo won't delete.

    What the platform made by itself, without an external id, goes with its parents.
    """
    by_platform = f" AND records.{named.KEY} IS NOT NULL" if child.found_by_parents else ""
    return f"""
        SELECT records.{quoted(named.parent_id(lookup))} AS {named.SALESFORCE_ID},
               '{child.salesforce_object}' AS {named.ATTACHED}
        FROM records_{child.name} AS records
        ANTI JOIN (FROM plan_{child.name} WHERE {named.OPERATION} IN ({_GOING})) AS going
            ON going.{named.SALESFORCE_ID} = records.{named.SALESFORCE_ID}
        WHERE records.{quoted(named.parent_id(lookup))} IS NOT NULL{by_platform}
    """


def facts_sql(staying: Sequence[str], batch_rows: int, *, made_by: str) -> str:
    """Over IMAGES, `records`, `attached` and `later`: each row's batch, its record now, what hangs on it.

    `made_by` is when the run's last record was made at the latest, as Salesforce writes it.
    """
    hanging = " UNION ALL ".join([f"SELECT {named.SALESFORCE_ID}, {named.ATTACHED} FROM attached", *staying])
    return f"""
        SELECT found.*, hanging.{named.ATTACHED}
        FROM (
            SELECT images.{NUMBER} AS {named.ROW}, images.{named.SALESFORCE_ID} AS {BEFORE_ID},
                   coalesce(siblings.first, images.{NUMBER}) // {batch_rows} AS {named.BATCH},
                   CASE WHEN {_MADE} THEN by_key.{named.SALESFORCE_ID} ELSE by_id.{named.SALESFORCE_ID} END
                       AS {named.SALESFORCE_ID},
                   later.folded IS NOT NULL OR coalesce(by_key.{named.CREATED_AT} > '{made_by}', false)
                       AS {named.MADE_LATER}
            FROM {IMAGES} AS images
            LEFT JOIN (SELECT lock, min({NUMBER}) AS first FROM {IMAGES} GROUP BY lock) AS siblings
                ON siblings.lock = images.lock
            LEFT JOIN (
                SELECT lower({named.KEY}) AS folded, min({named.SALESFORCE_ID}) AS {named.SALESFORCE_ID},
                       max({named.CREATED_AT}) AS {named.CREATED_AT}
                FROM records WHERE {named.KEY} IS NOT NULL GROUP BY ALL
            ) AS by_key ON by_key.folded = images.folded
            LEFT JOIN (SELECT {named.SALESFORCE_ID} FROM records) AS by_id
                ON by_id.{named.SALESFORCE_ID} = images.{named.SALESFORCE_ID}
            LEFT JOIN later ON later.folded = images.folded
        ) AS found
        LEFT JOIN (
            SELECT {named.SALESFORCE_ID},
                   string_agg(DISTINCT {named.ATTACHED}, ', ' ORDER BY {named.ATTACHED}) AS {named.ATTACHED}
            FROM ({hanging}) GROUP BY ALL
        ) AS hanging ON hanging.{named.SALESFORCE_ID} = found.{named.SALESFORCE_ID}
        ORDER BY {named.ROW}
    """


def values_sql(spec: EntitySpec) -> str:
    """Over FACTS and `records`: the values that stand there now, in the order of the rows."""
    columns = [
        f"records.{quoted(named.salesforce(field.api_name))} AS {quoted(named.now(field.api_name))}"
        for field in spec.fields
    ]
    lookups = (*spec.later_parents, *spec.fillable_parents)
    keys = [named.KEY, *(named.parent_key(parent.field) for parent in lookups)]
    columns += [f"records.{quoted(key)} AS {quoted(named.now(key))}" for key in keys]
    return f"""
        SELECT {", ".join(columns)}, records.{named.CREATED_BY}, records.{named.CHANGED_BY}
        FROM {FACTS} AS facts LEFT JOIN records USING ({named.SALESFORCE_ID})
        ORDER BY facts.{named.ROW}
    """


def beside_sql() -> str:
    """Images, facts and values side by side, for `connector.mapping.undoing`."""
    return f"""
        SELECT {IMAGES}.* EXCLUDE ({named.SALESFORCE_ID}, folded, lock, {NUMBER}),
               {FACTS}.* EXCLUDE ({NUMBER}), {VALUES}.* EXCLUDE ({NUMBER})
        FROM {IMAGES} POSITIONAL JOIN {FACTS} POSITIONAL JOIN {VALUES}
    """


def made_later_sql(tables: Sequence[str]) -> str:
    """The keys of records that later runs made, by their before-images."""
    made = f"{named.OPERATION} IN ('{Operation.CREATE}', '{Operation.ADOPT}')"
    selects = [f"SELECT lower({named.KEY}) AS folded FROM {table} WHERE {made}" for table in tables]
    return " UNION ".join(selects) or "SELECT NULL::VARCHAR AS folded WHERE false"


def lined_up_sql(columns: Sequence[str], left: Sequence[str], reopened: Sequence[str]) -> str:
    """Over `plan` and `prepared`: the plan, with records held below which something was not deleted.

    `reopened` are the fields of which reopening has taken the value back: a held record gets it again.
    """
    held = f"(plan.{named.OPERATION} = '{Undoing.DELETE}' AND left_below.{named.SALESFORCE_ID} IS NOT NULL)"
    cells = {quoted(named.target(name)): f"prepared.{quoted(named.now(name))}" for name in reopened}
    was_reopened = " OR ".join(f"plan.{cell} IS NOT NULL" for cell in cells) or "false"
    replaced = {
        named.OPERATION: f"CASE WHEN {was_reopened} THEN '{Undoing.FINISH}' ELSE '{Undoing.NONE}' END",
        named.OUTCOME: f"'{RowOutcome.HELD}'",
        named.CODE: "'CHILD_LEFT'",
        named.FIELD: "NULL",
        named.REASON: "'It was not deleted, because a record below it was not: ' || left_below.reason",
        named.WHAT_TO_DO: "'Mend that first, then undo again.'",
    }
    replaced = {quoted(name): value for name, value in replaced.items()}
    replaced |= {cell: f"CASE WHEN plan.{cell} IS NOT NULL THEN {value} END" for cell, value in cells.items()}
    selected = ", ".join(
        f"CASE WHEN {held} THEN {replaced[name]} ELSE plan.{name} END AS {name}"
        if name in replaced
        else f"plan.{name}"
        for name in map(quoted, columns)
    )
    nothing = f"SELECT NULL::VARCHAR AS {named.SALESFORCE_ID}, NULL::VARCHAR AS reason WHERE false"
    return f"""
        SELECT {selected} FROM plan JOIN prepared USING ({named.ROW})
        LEFT JOIN (
            SELECT {named.SALESFORCE_ID}, min(reason) AS reason
            FROM ({" UNION ALL ".join(left) or nothing}) GROUP BY ALL
        ) AS left_below ON left_below.{named.SALESFORCE_ID} = plan.{named.SALESFORCE_ID}
        ORDER BY plan.{named.ROW}
    """


def left_sql(child: EntitySpec, lookup: str) -> str:
    """Over `records_`, `plan_` and `result_<child>`: parents of records that were not deleted after all."""
    return f"""
        SELECT records.{quoted(named.parent_id(lookup))} AS {named.SALESFORCE_ID},
               '{child.salesforce_object} ' || plan.{named.KEY} || ': ' || coalesce(result.{named.REASON}, '')
                   AS reason
        FROM records_{child.name} AS records
        JOIN plan_{child.name} AS plan ON plan.{named.SALESFORCE_ID} = records.{named.SALESFORCE_ID}
        JOIN result_{child.name} AS result USING ({named.ROW})
        WHERE plan.{named.OPERATION} IN ({_GOING}) AND result.{named.OUTCOME} IN ({_REFUSED})
    """
