"""The statements that find which records are the same: sets against sets, nothing row by row.

Over the tables of the source view, `existing` (what Salesforce holds, with and without an external id),
`child_<entity>` where a rule looks at children, and `decided` (what people said of earlier proposals).
Each statement's result is kept for the next; they are narrow: keys, Salesforce ids, values in normal form.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from connector.mapping import columns as named
from connector.mapping.matching import Agreement, MatchingRule, Strength, Support
from connector.mapping.normal_forms import SEPARATOR, normal_sql
from connector.mapping.vocabulary import EntitySpec
from connector.model.link import LinkState
from connector.sync.prepared_sql import key_sql
from connector.sync.staged_sql import NUMBER, quoted

MOST_CANDIDATES = 10
"""Records of Salesforce shown for one value: more of them tell a person nothing."""
OURS, THEIRS, RECORDS, CANDIDATES, OPEN, LINKED, PROPOSED = (
    "ours",
    "theirs",
    "records",
    "candidates",
    "open_pairs",
    "linked",
    "proposed",
)


def statements(
    rules: Sequence[MatchingRule], support: Support | None, *, scoped: bool
) -> Iterator[tuple[str, str]]:
    """What is found in `ours` and `theirs`: each table with its statement, those first that others need."""
    yield RECORDS, records_sql(scoped=scoped)
    yield CANDIDATES, candidates_sql(rules)
    yield "accepted", accepted_sql()
    yield OPEN, open_sql()
    yield LINKED, linked_sql(rules, support)
    yield PROPOSED, proposed_sql()


def ours_sql(spec: EntitySpec, rules: Sequence[MatchingRule], support: Support | None) -> str:
    """Each row of the source view with its key and what the rules look at."""
    key, broken = key_sql(spec)
    looked_at = {column: None for rule in rules for agreement in rule.agreements for column in agreement.ours}
    if support is not None:
        looked_at |= dict.fromkeys((support.key, *(c for a in support.unless_differing for c in a.ours)))
    columns = [f", {quoted(c)}::VARCHAR AS {quoted(named.gentrack(c))}" for c in looked_at]
    return f"""
        SELECT {key} AS {named.KEY}, lower({key}) AS folded, {broken} AS {named.KEY_BROKEN} {"".join(columns)}
        FROM ({spec.source.sql})
    """


def records_sql(*, scoped: bool) -> str:
    """Our keys: whether one can be used, whether the run is about it, whether Salesforce has it already.

    With `scoped` the run is about the keys in the table `scope` alone. The others are rivals all the same.
    """
    return f"""
        SELECT folded, any_value(ours.{named.KEY}) AS {named.KEY},
               count(*) = 1 AND NOT bool_or({named.KEY_BROKEN}) AS usable,
               {f"folded IN (SELECT lower({named.KEY}) FROM scope)" if scoped else "true"} AS inside,
               bool_or(carried.value IS NOT NULL) AS known
        FROM {OURS} AS ours
        LEFT JOIN (SELECT DISTINCT lower({named.KEY}) AS value FROM existing) AS carried
            ON carried.value = ours.folded
        GROUP BY folded
    """


def candidates_sql(rules: Sequence[MatchingRule]) -> str:
    """Every pair that a rule finds, but for those that a person rejected.

    Known and unusable records of ours are among them: they make a record of Salesforce ambiguous as well.
    """
    found = " UNION ALL ".join(_found_by(rule) for rule in rules)
    nothing = (
        f"SELECT '' AS folded, '' AS {named.SALESFORCE_ID}, '' AS {named.RULE}, false AS strong WHERE false"
    )
    return f"""
        SELECT found.folded, found.{named.SALESFORCE_ID}, bool_or(strong) AS strong,
               string_agg(DISTINCT found.{named.RULE}, '; ' ORDER BY found.{named.RULE}) AS {named.RULE},
               string_agg(DISTINCT found.{named.RULE}, '; ' ORDER BY found.{named.RULE}) FILTER (strong)
                   AS strong_{named.RULE}
        FROM ({found or nothing}) AS found
        ANTI JOIN (FROM decided WHERE {named.STATE} = '{LinkState.REJECTED}') AS rejected
            ON lower(rejected.{named.EXTERNAL_ID}) = found.folded
            AND rejected.{named.SALESFORCE_ID} = found.{named.SALESFORCE_ID}
        GROUP BY ALL
    """


def accepted_sql() -> str:
    """What people accepted and is still to be written: both records are there, and unlinked."""
    return f"""
        SELECT records.folded, records.{named.KEY} AS {named.EXTERNAL_ID}, decided.{named.SALESFORCE_ID},
               decided.{named.RULE}, records.inside
        FROM decided
        JOIN {RECORDS} ON records.folded = lower(decided.{named.EXTERNAL_ID})
        SEMI JOIN {THEIRS} ON theirs.{named.SALESFORCE_ID} = decided.{named.SALESFORCE_ID}
        WHERE decided.{named.STATE} = '{LinkState.ACCEPTED}' AND records.usable AND NOT records.known
    """


def open_sql() -> str:
    """Candidates whose records no decision has taken."""
    return f"""
        SELECT candidates.* EXCLUDE ({NUMBER}), records.{named.KEY} AS {named.EXTERNAL_ID},
               records.usable AND NOT records.known AND records.inside AS wanted
        FROM {CANDIDATES}
        JOIN {RECORDS} USING (folded)
        ANTI JOIN accepted AS by_ours ON by_ours.folded = candidates.folded
        ANTI JOIN accepted AS by_theirs
            ON by_theirs.{named.SALESFORCE_ID} = candidates.{named.SALESFORCE_ID}
    """


def linked_sql(rules: Sequence[MatchingRule], support: Support | None) -> str:
    """Pairs that are the same: one strong candidate, one to one both ways; and those that people accepted.

    Where there is a support, also the only candidate of any rule, one to one both ways, that has it.
    """
    strong = [rule for rule in rules if rule.strength is Strength.STRONG]
    return f"""
        SELECT {named.EXTERNAL_ID}, {named.SALESFORCE_ID}, strong_{named.RULE} AS {named.RULE},
               '{LinkState.LINKED}' AS {named.STATE}
        FROM {OPEN} AS pair
        SEMI JOIN (SELECT folded FROM {OPEN} WHERE strong GROUP BY ALL HAVING count(*) = 1) AS ours_once
            ON ours_once.folded = pair.folded
        SEMI JOIN (
            SELECT {named.SALESFORCE_ID} FROM {OPEN} WHERE strong GROUP BY ALL HAVING count(*) = 1
        ) AS theirs_once ON theirs_once.{named.SALESFORCE_ID} = pair.{named.SALESFORCE_ID}
        ANTI JOIN ({_crowded(strong)}) AS crowded
            ON crowded.{named.SALESFORCE_ID} = pair.{named.SALESFORCE_ID}
        WHERE pair.strong AND pair.wanted
        {_supported(rules, support) if support else ""}
        UNION ALL
        SELECT {named.EXTERNAL_ID}, {named.SALESFORCE_ID}, {named.RULE}, '{LinkState.ACCEPTED}' FROM accepted
        WHERE inside
    """


def proposed_sql() -> str:
    """What is left for a person: neither record of a pair is linked."""
    return f"""
        SELECT {named.EXTERNAL_ID}, {named.SALESFORCE_ID}, {named.RULE}
        FROM {OPEN} AS pair
        ANTI JOIN {LINKED} AS by_ours ON by_ours.{named.EXTERNAL_ID} = pair.{named.EXTERNAL_ID}
        ANTI JOIN {LINKED} AS by_theirs ON by_theirs.{named.SALESFORCE_ID} = pair.{named.SALESFORCE_ID}
        WHERE pair.wanted
    """


def stale_links_sql() -> str:
    """Links of earlier runs that never reached Salesforce, and that this run does not find again."""
    return f"""
        {_not_found_again("remembered", LINKED)}
        SEMI JOIN {THEIRS} ON theirs.{named.SALESFORCE_ID} = earlier.{named.SALESFORCE_ID}
    """


def stale_proposals_sql() -> str:
    """Proposals of earlier runs that nobody decided, and that this run does not find again."""
    return _not_found_again("open_before", PROPOSED)


def _not_found_again(earlier: str, found: str) -> str:
    """Pairs of a table that another one lacks; what the run is not about is left as it is."""
    return f"""
        SELECT earlier.{named.EXTERNAL_ID}, earlier.{named.SALESFORCE_ID}
        FROM {earlier} AS earlier
        ANTI JOIN {found} AS again
            ON again.{named.EXTERNAL_ID} = earlier.{named.EXTERNAL_ID}
            AND again.{named.SALESFORCE_ID} = earlier.{named.SALESFORCE_ID}
        ANTI JOIN (FROM {RECORDS} WHERE NOT inside) AS outside
            ON outside.folded = lower(earlier.{named.EXTERNAL_ID})
    """


def _supported(rules: Sequence[MatchingRule], support: Support) -> str:
    """Weak pairs that nothing rivals, whose supporting record is linked and stands on the record alone."""
    ours, lookup = quoted(named.gentrack(support.key)), quoted(named.parent_id(support.lookup))
    same = [
        f"coalesce({normal_sql(agreement.form, f'ours.{quoted(named.gentrack(ours))}')}"
        f" = {normal_sql(agreement.form, f'theirs.{quoted(named.salesforce(theirs))}')}, true)"
        for agreement in support.unless_differing
        for ours, theirs in product(agreement.ours, agreement.theirs)
    ]
    return f"""
        UNION ALL
        SELECT pair.{named.EXTERNAL_ID}, pair.{named.SALESFORCE_ID},
               pair.{named.RULE} || '; {support.name}' AS {named.RULE}, '{LinkState.LINKED}'
        FROM {OPEN} AS pair
        SEMI JOIN (SELECT folded FROM {OPEN} GROUP BY ALL HAVING count(*) = 1) AS ours_once
            ON ours_once.folded = pair.folded
        SEMI JOIN (SELECT {named.SALESFORCE_ID} FROM {OPEN} GROUP BY ALL HAVING count(*) = 1) AS theirs_once
            ON theirs_once.{named.SALESFORCE_ID} = pair.{named.SALESFORCE_ID}
        ANTI JOIN ({_crowded(rules)}) AS crowded
            ON crowded.{named.SALESFORCE_ID} = pair.{named.SALESFORCE_ID}
        JOIN {OURS} AS ours ON ours.folded = pair.folded
        JOIN {THEIRS} AS theirs ON theirs.{named.SALESFORCE_ID} = pair.{named.SALESFORCE_ID}
        SEMI JOIN (
            SELECT lower({ours}) AS supporter FROM {OURS} GROUP BY ALL HAVING count(*) = 1
        ) AS once ON once.supporter = lower(ours.{ours})
        SEMI JOIN (
            SELECT lower(coalesce(child.{named.KEY}, pair.{named.EXTERNAL_ID})) AS supporter,
                   any_value(child.{lookup}) AS {named.SALESFORCE_ID}
            FROM child_{support.entity} AS child
            LEFT JOIN linked_{support.entity} AS pair USING ({named.SALESFORCE_ID})
            GROUP BY ALL HAVING count(*) = 1
        ) AS supporting
            ON supporting.supporter = lower(ours.{ours})
            AND supporting.{named.SALESFORCE_ID} = pair.{named.SALESFORCE_ID}
        WHERE NOT pair.strong AND pair.wanted AND {" AND ".join(same) or "true"}
    """


def _found_by(rule: MatchingRule) -> str:
    strong = "true" if rule.strength is Strength.STRONG else "false"
    return f"""
        SELECT ours.folded, theirs.{named.SALESFORCE_ID}, '{rule.name}' AS {named.RULE}, {strong} AS strong
        FROM ({_our_values(rule)}) AS ours
        JOIN (
            FROM ({_their_values(rule)})
            QUALIFY row_number() OVER (PARTITION BY value ORDER BY {named.SALESFORCE_ID}) <= {MOST_CANDIDATES}
        ) AS theirs ON theirs.value = ours.value
    """


def _crowded(rules: Sequence[MatchingRule]) -> str:
    """Records of Salesforce of which a rule shows only some, so that one to one can't be told."""
    crowds = [
        f"SELECT unnest(list({named.SALESFORCE_ID})) AS {named.SALESFORCE_ID}"
        f" FROM ({_their_values(rule)}) GROUP BY value HAVING count(*) > {MOST_CANDIDATES}"
        for rule in rules
    ]
    return " UNION ".join(crowds) or f"SELECT NULL AS {named.SALESFORCE_ID} WHERE false"


def _our_values(rule: MatchingRule) -> str:
    sides = [[f"ours.{quoted(named.gentrack(c))}" for c in agreement.ours] for agreement in rule.agreements]
    return _values(f"{OURS} AS ours", "ours.folded", rule, sides)


def _their_values(rule: MatchingRule) -> str:
    sides = [[_their_column(agreement, name) for name in agreement.theirs] for agreement in rule.agreements]
    joins = "".join(
        f" JOIN child_{child.entity} ON child_{child.entity}.{quoted(named.parent_id(child.lookup))}"
        f" = theirs.{named.SALESFORCE_ID}"
        for child in rule.children
    )
    return _values(f"{THEIRS} AS theirs{joins}", f"theirs.{named.SALESFORCE_ID}", rule, sides)


def _their_column(agreement: Agreement, name: str) -> str:
    table = f"child_{agreement.child.entity}" if agreement.child else "theirs"
    return f"{table}.{quoted(named.salesforce(name))}"


def _values(source: str, identity: str, rule: MatchingRule, sides: list[list[str]]) -> str:
    """identity, value: one value for each way to choose a column of each agreement; missing ones left out."""
    ways = []
    for columns in product(*sides):
        parts = [normal_sql(a.form, c) for a, c in zip(rule.agreements, columns, strict=True)]
        value = f" || chr({ord(SEPARATOR)}) || ".join(parts)
        ways.append(f"SELECT {identity}, {value} AS value FROM {source}")
    return f"SELECT DISTINCT * FROM ({' UNION ALL '.join(ways)}) WHERE value IS NOT NULL"
