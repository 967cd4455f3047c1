"""A ledger of links that remembers what it was given, and answers with what a test decided."""

from collections.abc import Iterable

import pyarrow as pa

from connector.model.run import Run

Pair = tuple[str, str]


class LinkLedgerTwin:
    """Fills the `LinkLedger` port."""

    def __init__(self) -> None:
        self.decided: dict[Pair, str] = {}
        self.linked: dict[Pair, tuple[str, str]] = {}
        self.proposed: dict[Pair, str] = {}

    def decisions(self, run: Run, entity: str) -> pa.Table:
        names = ("external_id", "salesforce_id", "rule", "state")
        rows = [(*pair, "a rule", state) for pair, state in self.decided.items()]
        return pa.table({n: pa.array([row[i] for row in rows], pa.string()) for i, n in enumerate(names)})

    def links(self, run: Run, entity: str) -> pa.Table:
        names = ("external_id", "salesforce_id")
        found = [pair for pair, (_, state) in self.linked.items() if state == "linked"]
        return pa.table({n: pa.array([pair[i] for pair in found], pa.string()) for i, n in enumerate(names)})

    def unreviewed(self, run: Run, entity: str) -> pa.Table:
        return self.links(run, entity)

    def keep_links(self, run: Run, entity: str, *, linked: Iterable[pa.RecordBatch], stale: pa.Table) -> None:
        for row in stale.to_pylist():
            del self.linked[row["external_id"], row["salesforce_id"]]
        for batch in linked:
            for row in batch.to_pylist():
                self.linked[row["external_id"], row["salesforce_id"]] = (row["rule"], row["state"])

    def proposals(self, run: Run, entity: str) -> pa.Table:
        names = ("external_id", "salesforce_id")
        return pa.table(
            {n: pa.array([p[i] for p in self.proposed], pa.string()) for i, n in enumerate(names)}
        )

    def keep_proposals(
        self, run: Run, entity: str, *, proposed: Iterable[pa.RecordBatch], stale: pa.Table
    ) -> None:
        for row in stale.to_pylist():
            del self.proposed[row["external_id"], row["salesforce_id"]]
        for batch in proposed:
            for row in batch.to_pylist():
                self.proposed[row["external_id"], row["salesforce_id"]] = row["rule"]
