"""A Gentrack tenant in memory, behind the port of its records, that fails when it is told to."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from connector.errors import GaveUp, RequestRefused
from connector.model.record_change import RecordChange


class GentrackTwin:
    """Fills the `GentrackRecords` port."""

    def __init__(self, **resources: list[dict[str, Any]]) -> None:
        self.records = {
            name: {record["id"]: copy.deepcopy(record) for record in records}
            for name, records in resources.items()
        }
        self.sent: list[tuple[str, int, dict[str, Any]]] = []
        self.refused_fields: set[str] = set()
        self.deaf_fields: set[str] = set()
        self.away_after: int | None = None

    def change(
        self, resource: str, record_id: int, wanted: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> RecordChange | None:
        if self.away_after is not None and len(self.sent) >= self.away_after:
            raise GaveUp("Gentrack stayed away.")
        record = self.records[resource].get(record_id)
        if record is None:
            return None
        changes = dict(wanted(record))
        if not changes:
            return RecordChange(record, sent=False)
        if refused := self.refused_fields & changes.keys():
            raise RequestRefused(f"No such value: {min(refused)}.", status=400, code="InvalidField")
        self.sent.append((resource, record_id, changes))
        for name, value in changes.items():
            if name in self.deaf_fields:
                continue
            held = record.get(name)
            record[name] = {**held, **value} if isinstance(value, dict) and isinstance(held, dict) else value
        return RecordChange(record, sent=True)
