"""The statements that bring both sides and the ledger together, whole, for `reconcile`.

As in `connector.sync.prepared_sql`: narrow facts first, then the values of each side in the same order, each
kept on disk, and all of it side by side. One statement of all joins would hold the set in memory.

Over `keyed` (Gentrack's rows with their keys), `existing` (what Salesforce holds), `pairs_of_ledger`, as
`known` with their numbers, `in_scope` (Salesforce ids), `proposed`, and of each parent `existing_of_<field>`
and `pairs_of_<field>`.
"""

from connector.mapping import columns as named
from connector.mapping.agreement.record_cases import Presence, Standing
from connector.mapping.vocabulary import EntitySpec
from connector.sync.prepared_sql import KEYED, parents_joined
from connector.sync.staged_sql import NUMBER, quoted

BOUND, FACTS, OURS, THEIRS, PAIRS = "bound", "facts", "ours", "theirs", "pairs"
"""Which external id each record of Salesforce belongs to; then four tables of the same rows in one order."""
_FOUND, _OURS, _PAIR = "found_id", "ours_row", "pair_row"


def bound_sql(spec: EntitySpec) -> str:
    """A record belongs to the pair that it is linked with, else to its key, or that of its parents."""
    by_parents = parents_joined(spec, "existing") if spec.found_by_parents else "NULL"
    return f"""
        SELECT existing.{named.SALESFORCE_ID},
               coalesce(linked.folded, lower(existing.{named.KEY}), {by_parents}) AS folded,
               CASE WHEN linked.folded IS NOT NULL THEN 0 WHEN existing.{named.KEY} IS NOT NULL THEN 1 ELSE 2
               END AS rank
        FROM existing
        LEFT JOIN (
            SELECT {named.SALESFORCE_ID}, min(lower({named.KEY})) AS folded FROM pairs_of_ledger
            WHERE {named.STANDING} = '{Standing.LINKED}' AND {named.SALESFORCE_ID} IS NOT NULL GROUP BY ALL
        ) AS linked USING ({named.SALESFORCE_ID})
    """


def facts_sql() -> str:
    """Each external id that a side or the ledger knows, once; and what is in Salesforce alone, in scope."""
    return f"""
        SELECT row_number() OVER (ORDER BY {_OURS} NULLS LAST, folded, {_FOUND}) - 1 AS {named.ROW}, *
        FROM (
            SELECT folded, ours.{_OURS}, coalesce(ours.{named.KEY_COUNT}, 0) AS {named.KEY_COUNT},
                   theirs.{_FOUND}, pair.{_PAIR}
            FROM (
                SELECT folded, min({NUMBER}) AS {_OURS}, count(*) AS {named.KEY_COUNT}
                FROM {KEYED} GROUP BY folded
            ) AS ours
            FULL JOIN (
                SELECT folded, arg_min({named.SALESFORCE_ID}, rank) AS {_FOUND} FROM {BOUND}
                WHERE folded IS NOT NULL GROUP BY folded
            ) AS theirs USING (folded)
            FULL JOIN (
                SELECT lower({named.KEY}) AS folded, min({NUMBER}) AS {_PAIR} FROM known GROUP BY ALL
            ) AS pair USING (folded)
            UNION ALL
            SELECT NULL, NULL, 0, {named.SALESFORCE_ID}, NULL
            FROM {BOUND} SEMI JOIN in_scope USING ({named.SALESFORCE_ID}) WHERE folded IS NULL
        )
        ORDER BY {named.ROW}
    """


def ours_sql(spec: EntitySpec) -> str:
    """Gentrack's values, whether their parents stand in Salesforce, and who carries the key there."""
    wanted = {named.gentrack(source): None for field in spec.fields for source in field.sources}
    columns = [f"{KEYED}.{quoted(name)}" for name in wanted]
    joins = []
    for parent in spec.parents:
        key = quoted(named.parent_key(parent.field))
        columns += [
            f"{KEYED}.{key}",
            f"there_{parent.field}.folded IS NOT NULL AS {quoted(named.parent_there(parent.field))}",
        ]
        joins.append(
            f"LEFT JOIN ({_there_sql(parent.field)}) AS there_{parent.field}"
            f" ON there_{parent.field}.folded = lower({KEYED}.{key})"
        )
    return f"""
        SELECT {KEYED}.{named.KEY} AS our_key, {KEYED}.id::BIGINT AS our_id,
               coalesce({KEYED}.{named.KEY_BROKEN}, false) AS {named.KEY_BROKEN},
               {", ".join(columns)}
        FROM {FACTS} LEFT JOIN {KEYED} ON {KEYED}.{NUMBER} = {FACTS}.{_OURS} {" ".join(joins)}
        ORDER BY {FACTS}.{named.ROW}
    """


def _there_sql(lookup: str) -> str:
    """The external ids of parents that stand in Salesforce: they carry them, or are linked with them."""
    return f"""
        SELECT lower({named.KEY}) AS folded FROM existing_of_{lookup} WHERE {named.KEY} IS NOT NULL
        UNION
        SELECT lower({named.KEY}) FROM pairs_of_{lookup}
        SEMI JOIN existing_of_{lookup} USING ({named.SALESFORCE_ID})
        WHERE {named.STANDING} = '{Standing.LINKED}'
    """


def theirs_sql(spec: EntitySpec, held: list[str]) -> str:
    """Salesforce's values; `held` are the columns of what it holds."""
    columns = [f"existing.{quoted(named.salesforce(field.api_name))}" for field in spec.fields]
    for parent in spec.parents:
        there = quoted(named.salesforce_parent(parent.field))
        columns.append(f"existing.{quoted(named.parent_key(parent.field))} AS {there}")
        known = quoted(named.parent_id(parent.field))
        columns.append(f"existing.{known}" if named.parent_id(parent.field) in held else f"NULL AS {known}")
    return f"""
        SELECT existing.{named.SALESFORCE_ID} AS their_id,
               existing.{named.KEY} AS {quoted(named.SALESFORCE_KEY)}, {", ".join(columns)}
        FROM {FACTS} LEFT JOIN existing ON existing.{named.SALESFORCE_ID} = {FACTS}.{_FOUND}
        ORDER BY {FACTS}.{named.ROW}
    """


def pairs_sql() -> str:
    """What the ledger knows, what people have not decided yet, and who carries the key."""
    return f"""
        SELECT known.{named.KEY} AS pair_key, known.{named.SALESFORCE_ID} AS pair_id,
               known.{named.GENTRACK_ID} AS pair_number,
               coalesce(known.{named.STANDING}, '{Standing.NEW}') AS {named.STANDING},
               known.{named.FIELDS}, unhex(known.{named.AGREED}) AS {named.AGREED},
               coalesce(known.{named.CONTESTED}, 0) AS {named.CONTESTED},
               coalesce(open_ones.{named.PROPOSED}, 0) AS {named.PROPOSED},
               coalesce(carrying.{named.CARRIERS}, 0) AS {named.CARRIERS}, carrying.{named.CARRIER_ID}
        FROM {FACTS}
        LEFT JOIN known ON known.{NUMBER} = {FACTS}.{_PAIR}
        LEFT JOIN (
            SELECT lower({named.EXTERNAL_ID}) AS folded, count(*) AS {named.PROPOSED}
            FROM proposed GROUP BY ALL
        ) AS open_ones ON open_ones.folded = {FACTS}.folded
        LEFT JOIN (
            SELECT lower({named.KEY}) AS folded, count(*) AS {named.CARRIERS},
                   min({named.SALESFORCE_ID}) AS {named.CARRIER_ID}
            FROM existing WHERE {named.KEY} IS NOT NULL GROUP BY ALL
        ) AS carrying ON carrying.folded = {FACTS}.folded
        ORDER BY {FACTS}.{named.ROW}
    """


def side_by_side_sql() -> str:
    """All of it, with what each side says of the record: who reads all of a side knows what it lacks."""
    present, absent = (f"'{presence}'" for presence in (Presence.PRESENT, Presence.ABSENT))
    return f"""
        SELECT *,
               CASE WHEN our_key IS NOT NULL THEN {present} ELSE {absent} END AS {named.IN_GENTRACK},
               CASE WHEN their_id IS NOT NULL THEN {present} ELSE {absent} END AS {named.IN_SALESFORCE},
               coalesce(our_key, pair_key, {quoted(named.SALESFORCE_KEY)}) AS {named.KEY},
               coalesce(pair_id, their_id) AS {named.SALESFORCE_ID},
               coalesce(our_id, pair_number) AS {named.GENTRACK_ID},
               our_key IS NULL AND pair_key IS NULL AND {quoted(named.SALESFORCE_KEY)} IS NULL
                   AS {named.IN_SCOPE}
        FROM (
            SELECT {FACTS}.{named.KEY_COUNT}, {OURS}.* EXCLUDE ({NUMBER}), {THEIRS}.* EXCLUDE ({NUMBER}),
                   {PAIRS}.* EXCLUDE ({NUMBER})
            FROM {FACTS} POSITIONAL JOIN {OURS} POSITIONAL JOIN {THEIRS} POSITIONAL JOIN {PAIRS}
        )
    """
