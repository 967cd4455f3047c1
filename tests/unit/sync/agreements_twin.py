"""The ledger's agreements in memory: whole entities, as a run keeps them."""

from collections.abc import Collection, Iterable, Iterator
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

    def linked(self, instance: str, entity: str) -> pa.Table:
        linked = [row for row in self.rows.get(entity, {}).values() if row["standing"] == "linked"]
        return pa.table(
            {name: pa.array([row[name] for row in linked], pa.string()) for name in ("key", "salesforce_id")}
        )

    def forget(self, instance: str, entity: str, keys: Collection[str]) -> None:
        for key in keys:
            self.rows.get(entity, {}).pop(key.lower(), None)
