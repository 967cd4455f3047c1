"""Link: which records of Gentrack and of Salesforce are the same, before anything is written.

The exact external id first, then the rules of the entity. One to one is judged over all records, also where
the run is about some of them. What is found goes to the ledger and to staging;
the external id reaches Salesforce in upsert, by Id. A pair that only a person can judge is proposed, and its
row is held until somebody has decided.
"""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.matching import Child, MatchingRule, Support
from connector.mapping.normal_forms import PLACEHOLDERS, SEPARATOR
from connector.mapping.vocabulary import EntitySpec
from connector.model.link import LinkCounts, LinkState
from connector.model.run import Run
from connector.sync import folders
from connector.sync.gentrack_tables import gentrack_tables
from connector.sync.link_sql import (
    LINKED,
    OURS,
    PROPOSED,
    RECORDS,
    THEIRS,
    ours_sql,
    stale_links_sql,
    stale_proposals_sql,
    statements,
)
from connector.sync.ports import LinkLedger, Staging
from connector.sync.proposals import pairs_in_words
from connector.sync.staged_sql import StagedSql, Workspace

_LINK = pa.schema(
    dict.fromkeys((named.EXTERNAL_ID, named.SALESFORCE_ID, named.RULE, named.STATE), pa.string())
)


def link(
    run: Run,
    spec: EntitySpec,
    ledger: LinkLedger,
    workspace: Workspace,
    *,
    rules: Sequence[MatchingRule],
    placeholders: Iterable[str],
    support: Support | None = None,
) -> LinkCounts:
    """Link an entity by its rules; both sides are staged, and the entity of `support` is linked before it.

    Safe to repeat.
    """
    staging = workspace.staging
    rules = [rule for rule in rules if all(_is_staged(run, child, staging) for child in rule.children)]
    for folder in (folders.linked, folders.proposed):
        staging.clear(folder(run, spec.name))
    staging.clear(folders.linked_words_in(run.id, spec.name))
    with workspace.sql() as sql:
        sql.variable("today", run.started_at.date().isoformat())
        sql.variable(PLACEHOLDERS, SEPARATOR.join(text.strip().lower() for text in placeholders))
        gentrack_tables(run, spec, sql)
        sql.table("existing", folders.salesforce(run, spec.name))
        children = {child.entity for rule in rules for child in rule.children}
        if support is not None and staging.parts(folders.salesforce(run, support.entity)):
            children.add(support.entity)
            its_links = folders.linked(run, support.entity)
            sql.table_or_none(f"linked_{support.entity}", its_links, _LINK.names[:2])
        else:
            support = None
        for name in children:
            sql.table(f"child_{name}", folders.salesforce(run, name))
        sql.arrow("decided", ledger.decisions(run, spec.name))
        sql.arrow("remembered", ledger.links(run, spec.name))
        sql.arrow("open_before", ledger.proposals(run, spec.name))
        if not run.scope.is_whole:
            sql.table("scope", folders.scope(run, spec.name))
        _find(spec, rules, support, sql, scoped=not run.scope.is_whole)
        for number, piece in enumerate(_pieces(sql, f"SELECT * FROM {LINKED}", _LINK)):
            staging.write(spec.name, number, folders.linked(run, spec.name), piece)
        for number, piece in enumerate(pairs_in_words(spec, sql, PROPOSED)):
            staging.write(spec.name, number, folders.proposed(run, spec.name), piece)
        for number, piece in enumerate(pairs_in_words(spec, sql, LINKED)):
            staging.write(spec.name, number, folders.linked_words_in(run.id, spec.name), piece)
        stale = sql.stream(stale_links_sql()).read_all()
        ledger.keep_links(
            run,
            spec.name,
            linked=sql.stream(f"SELECT {', '.join(_LINK.names)} FROM {LINKED}"),
            stale=stale,
        )
        stale = sql.stream(stale_proposals_sql()).read_all()
        pair = ", ".join(_LINK.names[:3])
        ledger.keep_proposals(
            run, spec.name, proposed=sql.stream(f"SELECT {pair} FROM {PROPOSED}"), stale=stale
        )
        return _counts(spec, sql)


def _is_staged(run: Run, child: Child, staging: Staging) -> bool:
    """A plan leaves out what the org doesn't show."""
    return bool(staging.parts(folders.salesforce(run, child.entity)))


def _find(
    spec: EntitySpec,
    rules: Sequence[MatchingRule],
    support: Support | None,
    sql: StagedSql,
    *,
    scoped: bool,
) -> None:
    sql.run(f"CREATE VIEW {THEIRS} AS FROM existing WHERE {named.KEY} IS NULL")
    if not sql.rows(f"FROM {THEIRS} SELECT 1 LIMIT 1"):
        rules, support = (), None  # nothing is there to be found: our values need no normal form
    sql.keep(OURS, ours_sql(spec, rules, support))
    for name, statement in statements(rules, support, scoped=scoped):
        sql.keep(name, statement)


def _pieces(sql: StagedSql, select: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """A result in pieces; at least one, so that what is staged has columns."""
    pieces = [
        pa.Table.from_batches([batch]).select(schema.names).cast(schema) for batch in sql.stream(select)
    ]
    return iter(pieces or [schema.empty_table()])


def _counts(spec: EntitySpec, sql: StagedSql) -> LinkCounts:
    by_rule = sql.rows(
        f"SELECT {named.STATE}, {named.RULE}, count(*) FROM {LINKED} GROUP BY ALL ORDER BY ALL"
    )
    numbers = sql.rows(f"""
        SELECT (SELECT count(*) FROM {RECORDS} WHERE known AND inside),
               (SELECT count(DISTINCT {named.EXTERNAL_ID}) FROM {PROPOSED}),
               (SELECT count(*) FROM {PROPOSED}),
               (SELECT count(*) FROM {THEIRS}
                ANTI JOIN (FROM {LINKED} SELECT {named.SALESFORCE_ID}
                           UNION ALL FROM {PROPOSED} SELECT {named.SALESFORCE_ID}) AS found
                    USING ({named.SALESFORCE_ID}))
    """)
    known, proposed, pairs, out_of_scope = (int(str(number)) for number in numbers[0])
    linked = {str(rule): int(str(n)) for state, rule, n in by_rule if state == LinkState.LINKED}
    accepted = sum(int(str(n)) for state, _, n in by_rule if state == LinkState.ACCEPTED)
    return LinkCounts(spec.name, known, linked, accepted, proposed, pairs, out_of_scope)
