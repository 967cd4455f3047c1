"""Compare: both systems and the ledger compared wholly, by the rules that decide in a round.

It writes to neither system. What differs is counted and listed, and where it is to be repaired, its records
are put into the inbox: the ongoing run decides about them anew. Both sides are read one after the other, so
what was being changed meanwhile may stand in the list; a round finds that it agrees.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.agreement.batch import typed
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.lines import agreed_of, fingerprint
from connector.mapping.agreement.record_cases import RecordCase, Standing
from connector.mapping.agreement.terms import Terms
from connector.mapping.converters import Column
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.change import Notice, NoticeSource, Side
from connector.model.drift import DriftCount, EntityDrift
from connector.model.outcome import EntityCounts, RowOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.gentrack_tables import gentrack_tables
from connector.sync.ongoing.ports import Noticing
from connector.sync.ongoing.salesforce.soql import criterion
from connector.sync.ports import AgreementSets, LinkLedger, SalesforceOrg
from connector.sync.prepared_sql import KEYED, keyed_sql
from connector.sync.reconcile.compare_sql import (
    BOUND,
    FACTS,
    OURS,
    PAIRS,
    THEIRS,
    bound_sql,
    facts_sql,
    ours_sql,
    pairs_sql,
    side_by_side_sql,
    theirs_sql,
)
from connector.sync.reconcile.drift_files import DriftRows
from connector.sync.reconcile.needing import as_a_whole, fields_of, needing
from connector.sync.staged_sql import StagedSql, Workspace

_SAMPLES = 20
"""External ids that stand beside a count."""
_NOTICES = 2_000
"""Notices that are put into the inbox in one statement."""
_LEARNED = (named.KEY, named.SALESFORCE_ID, named.GENTRACK_ID, named.AGREED)
_Said = tuple[str, str, str, str]


@dataclass(frozen=True)
class Comparison:
    """Compares entities of which both sides are staged. `inbox` is None where nothing is to be repaired."""

    run: Run
    org: SalesforceOrg
    workspace: Workspace
    agreements: AgreementSets
    links: LinkLedger
    inbox: Noticing | None
    rows: DriftRows

    def compare(
        self, spec: EntitySpec, terms: Terms, wanted: Mapping[str, Sequence[str]] | None
    ) -> EntityDrift:
        """Compare an entity; what the ledger knows of it and of its parents is staged.

        `wanted` is which records new in Salesforce are in scope; None: none is.
        """
        found = _Found()
        with self.workspace.sql() as sql:
            self._tables(spec, wanted, sql)
            batches = self._decided(spec, terms, sql)
            inbox = self.inbox
            if inbox is None:
                for decisions in batches:
                    self._tell(decisions, found)
                return found.of(spec)
            learned = self.agreements.learn(
                self.run.instance,
                spec.name,
                fingerprint(agreed_of(spec)),
                (rows for decisions in batches for rows in self._repaired(decisions, found, inbox)),
            )
        return found.of(spec, learned=learned)

    def stage_agreements(self, spec: EntitySpec) -> None:
        """Stage what the ledger knows of an entity."""
        folder = folders.agreements(self.run, spec.name)
        self.workspace.staging.clear(folder)
        for number, table in enumerate(self.agreements.all(self.run.instance, spec.name)):
            self.workspace.staging.write(spec.name, number, folder, table)

    def _tables(self, spec: EntitySpec, wanted: Mapping[str, Sequence[str]] | None, sql: StagedSql) -> None:
        """All that the statements of `compare_sql` stand over, and their results."""
        run = self.run
        sql.variable("today", run.started_at.date().isoformat())
        gentrack_tables(run, spec, sql)
        sql.table("existing", folders.salesforce(run, spec.name))
        for parent in spec.parents:
            sql.table(f"existing_of_{parent.field}", folders.salesforce(run, parent.entity))
            sql.table(f"pairs_of_{parent.field}", folders.agreements(run, parent.entity))
        sql.table("pairs_of_ledger", folders.agreements(run, spec.name))
        sql.arrow("proposed", self.links.proposals(run, spec.name))
        in_scope = pa.array(self._in_scope(spec, wanted), pa.string())
        sql.arrow("in_scope", pa.table({named.SALESFORCE_ID: in_scope}))
        sql.keep(KEYED, keyed_sql(spec, sql.column_names(spec.source.sql)))
        sql.keep("known", "SELECT * FROM pairs_of_ledger")
        sql.keep(BOUND, bound_sql(spec))
        sql.keep(FACTS, facts_sql())
        sql.keep(OURS, ours_sql(spec))
        sql.keep(THEIRS, theirs_sql(spec, sql.column_names("FROM existing")))
        sql.keep(PAIRS, pairs_sql())

    def _in_scope(self, spec: EntitySpec, wanted: Mapping[str, Sequence[str]] | None) -> list[str]:
        """The records without an external id that the instance asks for in Gentrack."""
        if wanted is None:
            return []
        described = self.org.describe(spec.salesforce_object)
        pages = self.org.bulk_query(
            f"SELECT Id FROM {spec.salesforce_object}"
            f" WHERE {EXTERNAL_ID} = null AND {criterion(described, wanted)}"
        )
        return [str(one) for page in pages if page.num_rows for one in page.column("Id").to_pylist()]

    def _decided(self, spec: EntitySpec, terms: Terms, sql: StagedSql) -> Iterator[Decisions]:
        for piece in sql.stream(side_by_side_sql()):
            if piece.num_rows:
                frame = pa.Table.from_batches([piece]).to_pandas(types_mapper=pd.ArrowDtype)
                yield decide(spec, terms, typed(spec, frame))

    def _tell(self, decisions: Decisions, found: "_Found") -> Column:
        """Count and list a batch; returns whether each record needs something."""
        actions = decisions.actions
        needs = needing(actions)
        found.count(decisions, actions, needs)
        self.rows.write(decisions, actions, needs)
        return needs

    def _repaired(self, decisions: Decisions, found: "_Found", inbox: Noticing) -> Iterator[pa.RecordBatch]:
        """The same; what needs something is noticed, and what agrees unknown to the ledger is learned."""
        needs = self._tell(decisions, found)
        records, spec = decisions.records, decisions.spec
        notices = notices_of(spec, records[needs])
        for start in range(0, len(notices), _NOTICES):
            some = notices[start : start + _NOTICES]
            found.noticed += inbox.put(self.run.instance, some, NoticeSource.RECONCILE)
        here = decisions.actions[named.CODE] == RecordCase.FOUND_BY_KEY.name
        rows = records[here & ~needs & (records[named.STANDING] == Standing.NEW.value)]
        if len(rows):
            agreed = decisions.settled().loc[rows.index, named.AGREED]
            columns = [rows[name] for name in _LEARNED[:3]] + [agreed]
            kinds = (pa.string(), pa.string(), pa.int64(), pa.binary())
            arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
            yield from pa.Table.from_arrays(arrays, names=list(_LEARNED)).combine_chunks().to_batches()


def notices_of(spec: EntitySpec, records: pd.DataFrame) -> list[Notice]:
    """Where each record is noticed: in Gentrack, or in Salesforce where only that has it."""
    resource = spec.source.resources[0].name
    return [
        Notice(Side.SALESFORCE, spec.salesforce_object, str(theirs))
        if pd.isna(ours)
        else Notice(Side.GENTRACK, resource, str(int(ours)))
        for ours, theirs in zip(records[named.GENTRACK_ID], records[named.SALESFORCE_ID], strict=True)
        if not (pd.isna(ours) and pd.isna(theirs))
    ]


@dataclass
class _Found:
    """What the batches of an entity have come to so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    said: Counter[_Said] = field(default_factory=Counter)
    samples: dict[_Said, list[str]] = field(default_factory=dict)
    noticed: int = 0

    def count(self, decisions: Decisions, actions: pd.DataFrame, needs: Column) -> None:
        """Count a batch: its records by outcome, those that need something, and their fields."""
        in_scope = actions[named.OUTCOME].notna()
        outcome = actions[named.OUTCOME].mask(~needs, RowOutcome.UNCHANGED.value)
        reported = needs & (outcome == RowOutcome.UNCHANGED.value)
        outcome = outcome.mask(reported, RowOutcome.HELD.value)
        self.outcomes.update(outcome[in_scope].tolist())
        keys = decisions.records[named.KEY].fillna(decisions.records[named.SALESFORCE_ID])
        self._add(keys, actions[as_a_whole(actions, needs)], (None, named.CODE, None, named.WHY))
        fields = fields_of(decisions, actions)
        self._add(keys, fields, (named.FIELD, "verdict", "writes", named.WHY))

    def _add(self, keys: Column, rows: pd.DataFrame, columns: Sequence[str | None]) -> None:
        told: dict[str, Column] = {}
        for place, name in enumerate(columns):
            blank = pd.Series("", index=rows.index, dtype=object)
            told[str(place)] = blank if name is None else rows[name].astype(object).fillna("")
        frame = pd.DataFrame({**told, "key": keys.loc[rows.index].astype(object)}, index=rows.index)
        for values, some in frame.groupby(list(told), sort=False)["key"]:
            said = cast("_Said", tuple(map(str, cast("tuple[str, ...]", values))))
            self.said[said] += len(some)
            samples = self.samples.setdefault(said, [])
            samples += some.head(_SAMPLES - len(samples)).tolist()

    def of(self, spec: EntitySpec, learned: int | None = None) -> EntityDrift:
        """All of it."""
        counts = tuple(
            DriftCount(spec.salesforce_object, name, verdict, writes, why, number, tuple(self.samples[said]))
            for said, number in sorted(self.said.items())
            for name, verdict, writes, why in (said,)
        )
        rows = EntityCounts.of(self.outcomes)
        return EntityDrift(spec.name, rows, counts, None if learned is None else self.noticed, learned)
