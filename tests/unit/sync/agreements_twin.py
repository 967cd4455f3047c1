"""The ledger's agreements in memory: whole entities, as a run keeps them."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import pyarrow as pa

Row = dict[str, Any]


class AgreementsTwin:
    """Fills the `AgreementSets` port. `rows` are by entity and by key in lower case."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {}
        self.told = 0
        """How many rows the last `agree` was given."""

    def agree(self, instance: str, entity: str, fields: str, agreed: Iterable[pa.RecordBatch]) -> int:
        rows = self.rows.setdefault(entity, {})
        given = {row["key"].lower(): row for batch in agreed for row in batch.to_pylist()}
        self.told = len(given)
        for folded, row in given.items():
            before = rows.get(folded)
            if before and before["standing"] == "ended" and before["salesforce_id"] == row["salesforce_id"]:
                continue
            rows[folded] = row | {"standing": "linked", "fields": fields, "contested": 0}
        return len(given)

    def learn(self, instance: str, entity: str, fields: str, agreed: Iterable[pa.RecordBatch]) -> int:
        rows = self.rows.setdefault(entity, {})
        given = {row["key"].lower(): row for batch in agreed for row in batch.to_pylist()}
        new = {folded: row for folded, row in given.items() if folded not in rows}
        rows |= {f: row | {"standing": "linked", "fields": fields, "contested": 0} for f, row in new.items()}
        return len(new)

    def all(self, instance: str, entity: str) -> Iterator[pa.Table]:
        rows = [row | {"agreed": row["agreed"].hex()} for row in self.rows.get(entity, {}).values()]
        texts = ("key", "salesforce_id", "standing", "fields", "agreed")
        kinds: dict[str, pa.DataType] = {name: pa.string() for name in texts}
        kinds |= dict.fromkeys(("gentrack_id", "contested"), pa.int64())
        yield pa.Table.from_pylist(rows, pa.schema(kinds))

    def linked(self, instance: str, entity: str, fields: str) -> pa.Table:
        linked = [
            row if (row["fields"], row["contested"]) == (fields, 0) else row | {"seen": None}
            for row in self.rows.get(entity, {}).values()
            if row["standing"] == "linked"
        ]
        kinds = {"key": pa.string(), "salesforce_id": pa.string(), "seen": pa.int64()}
        return pa.table({n: pa.array([row.get(n) for row in linked], kind) for n, kind in kinds.items()})

    def forget(self, instance: str, entity: str, keys: Collection[str]) -> None:
        for key in keys:
            self.rows.get(entity, {}).pop(key.lower(), None)
