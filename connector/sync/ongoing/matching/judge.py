"""The judge: which of the caught records are ours, by the statements with which an initial run links."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.matching import MatchingRule
from connector.mapping.normal_forms import PLACEHOLDERS, SEPARATOR, normal_sql
from connector.model.link import LinkState, Match
from connector.sync.link_sql import LINKED, OURS, PROPOSED, THEIRS, statements
from connector.sync.ongoing.matching.net import Sought
from connector.sync.staged_sql import NUMBER, quoted

EXISTING = "existing"
DECIDED = pa.schema(
    dict.fromkeys((named.EXTERNAL_ID, named.SALESFORCE_ID, named.RULE, named.STATE), pa.string())
)
_CHILD = "child_"


class Judge:
    """One judgement: tables in memory, gone when its context ends."""

    def __init__(self, sql: duckdb.DuckDBPyConnection) -> None:
        self._sql = sql

    def sought(self, rules: Sequence[MatchingRule], ours: pa.Table) -> list[Sought]:
        """The values of each of our records in the forms in which rules compare them."""
        wanted = list(dict.fromkeys((a.form, c) for rule in rules for a in rule.agreements for c in a.ours))
        self._sql.register("sought", ours)
        forms = ", ".join(normal_sql(form, quoted(named.gentrack(column))) for form, column in wanted)
        rows = self._sql.execute(f"SELECT {forms} FROM sought").fetchall()
        return [
            {name: str(value) for name, value in zip(wanted, row, strict=True) if value is not None}
            for row in rows
        ]

    def matches(
        self,
        rules: Sequence[MatchingRule],
        ours: pa.Table,
        existing: pa.Table,
        children: Mapping[str, pa.Table],
        *,
        rejected: Iterable[Match],
        wanted: Iterable[str],
    ) -> list[Match]:
        """What is linked, and what a person has to decide, of the `wanted` keys, case folded.

        `ours` has key, folded, key_broken and g.<column>; `existing` has salesforce_id, key and s.<field>;
        children, by entity, have parent_id.<lookup> and s.<field>. Both sides hold rivals too.
        """
        decided = [
            {
                named.EXTERNAL_ID: one.external_id,
                named.SALESFORCE_ID: one.salesforce_id,
                named.RULE: one.rule,
                named.STATE: LinkState.REJECTED.value,
            }
            for one in rejected
        ]
        tables = {
            OURS: ours,
            EXISTING: existing,
            "decided": pa.Table.from_pylist(decided, DECIDED),
            "scope": pa.table({named.KEY: pa.array(list(wanted), pa.string())}),
            **{_CHILD + name: table for name, table in children.items()},
        }
        for name, table in tables.items():
            self._sql.register(name, table)
        self._sql.execute(f"CREATE VIEW {THEIRS} AS FROM {EXISTING} WHERE {named.KEY} IS NULL")
        for name, statement in statements(rules, None, scoped=True):
            self._sql.execute(f"CREATE TABLE {name} AS SELECT *, 0 AS {NUMBER} FROM ({statement})")
        return [*self._found(LINKED, LinkState.LINKED), *self._found(PROPOSED, LinkState.PROPOSED)]

    def _found(self, table: str, state: LinkState) -> Iterator[Match]:
        columns = f"{named.EXTERNAL_ID}, {named.SALESFORCE_ID}, {named.RULE}"
        for key, salesforce_id, rule in self._sql.execute(f"SELECT {columns} FROM {table}").fetchall():
            yield Match(key, salesforce_id, rule, state)


@contextmanager
def judging(placeholders: Iterable[str]) -> Iterator[Judge]:
    """A judge; what is a placeholder never matches."""
    with duckdb.connect(config={"threads": 1}) as sql:
        joined = SEPARATOR.join(text.strip().lower() for text in placeholders).replace("'", "''")
        sql.execute(f"SET VARIABLE {PLACEHOLDERS} = '{joined}'")
        yield Judge(sql)
