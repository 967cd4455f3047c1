"""The ledger's agreements in memory: whole entities, as a run keeps them."""

from collections.abc import Collection, Iterable
from typing import Any

import pyarrow as pa

Row = dict[str, Any]


class AgreementsTwin:
    """Fills the `AgreementSets` port. `rows` are by entity and by key in lower case."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {}

    def agree(self, instance: str, entity: str, fields: str, agreed: Iterable[pa.RecordBatch]) -> int:
        rows = self.rows.setdefault(entity, {})
        given = {row["key"].lower(): row for batch in agreed for row in batch.to_pylist()}
        for folded, row in given.items():
            before = rows.get(folded)
            if before and before["standing"] == "ended" and before["salesforce_id"] == row["salesforce_id"]:
                continue
            rows[folded] = row | {"standing": "linked", "fields": fields, "contested": 0}
        return len(given)

    def linked(self, instance: str, entity: str) -> pa.Table:
        linked = [row for row in self.rows.get(entity, {}).values() if row["standing"] == "linked"]
        return pa.table(
            {name: pa.array([row[name] for row in linked], pa.string()) for name in ("key", "salesforce_id")}
        )

    def forget(self, instance: str, entity: str, keys: Collection[str]) -> None:
        for key in keys:
            self.rows.get(entity, {}).pop(key.lower(), None)
