"""A Gentrack tenant in memory, behind the port of its records, that fails when it is told to."""

import copy
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pyarrow as pa

from connector.errors import GaveUp, RequestRefused
from connector.model.record_change import RecordChange


class GentrackTwin:
    """Fills the ports `GentrackRecords` and `GentrackFinding`.

    `asked` counts questions by resource and field; `time` is the tenant's own clock.
    """

    def __init__(self, **resources: list[dict[str, Any]]) -> None:
        self.records = {
            name: {record["id"]: copy.deepcopy(record) for record in records}
            for name, records in resources.items()
        }
        self.time: datetime | None = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
        self.page_size = 500
        self.asked: Counter[tuple[str, str]] = Counter()
        self.sent: list[tuple[str, int, dict[str, Any]]] = []
        self.refused_fields: set[str] = set()
        self.deaf_fields: set[str] = set()
        self.away_after: int | None = None
        self.broken: set[int] = set()

    def read_several(self, resource: str, ids: Collection[int]) -> dict[int, dict[str, Any]]:
        self.asked[resource, "several"] += 1
        if self.away_after is not None and len(self.sent) >= self.away_after:
            raise GaveUp("Gentrack stayed away.")
        records = self.records[resource]
        return {one: copy.deepcopy(records[one]) for one in ids if one in records}

    def change(
        self,
        resource: str,
        record_id: int,
        wanted: Callable[[Mapping[str, Any]], Mapping[str, Any]],
        *,
        read: Mapping[str, Any] | None = None,
    ) -> RecordChange | None:
        if self.away_after is not None and len(self.sent) >= self.away_after:
            raise GaveUp("Gentrack stayed away.")
        if record_id in self.broken:
            raise GaveUp("Gentrack breaks on it.")
        record = self.records[resource].get(record_id)
        if record is None:
            return None
        changes = dict(wanted(record if read is None else read))
        if not changes:
            return RecordChange(record if read is None else read, sent=False)
        if refused := self.refused_fields & changes.keys():
            raise RequestRefused(f"No such value: {min(refused)}.", status=400, code="InvalidField")
        self.sent.append((resource, record_id, changes))
        for name, value in changes.items():
            if name in self.deaf_fields:
                continue
            held = record.get(name)
            record[name] = {**held, **value} if isinstance(value, dict) and isinstance(held, dict) else value
        return RecordChange(record, sent=True)

    def read(self, resource: str, record_id: int) -> Mapping[str, Any] | None:
        return self.records[resource].get(record_id)

    def create(self, resource: str, fields: Mapping[str, Any], client_reference: str) -> dict[str, Any]:
        if self.away_after is not None and len(self.sent) >= self.away_after:
            raise GaveUp("Gentrack stayed away.")
        records = self.records[resource]
        for record in records.values():
            if record.get("clientReference") == client_reference:
                return record
        if refused := self.refused_fields & fields.keys():
            raise RequestRefused(f"No such value: {min(refused)}.", status=400, code="InvalidField")
        made = {"id": max(records, default=0) + 1, **fields, "clientReference": client_reference}
        primary = made.pop("primaryCustomerId", None)
        if resource != "accountCustomers":
            made["number"] = f"{resource[0].upper()}{made['id']}"
        for name, of in (("account", "accounts"), ("customer", "customers")):
            if f"{name}Id" in made:
                made[f"{name}Number"] = self.records[of][made[f"{name}Id"]]["number"]
        records[made["id"]] = made
        self.sent.append((resource, made["id"], dict(fields)))
        if primary is not None:
            relation = {"accountId": made["id"], "customerId": primary, "primaryFl": "Y"}
            self.create("accountCustomers", relation, f"primary of {client_reference}")
        return made

    def having(
        self, resource: str, row_type: pa.StructType, field: str, values: Collection[str]
    ) -> Iterator[pa.Table]:
        if not values:
            return
        self.asked[resource, field] += 1
        wanted = {value.lower() for value in values}
        records = self.records.get(resource, {})
        found = [records[one] for one in sorted(records) if str(records[one].get(field)).lower() in wanted]
        yield _table(found, row_type)

    def changed(
        self, resource: str, row_type: pa.StructType, since: datetime
    ) -> Iterator[tuple[pa.Table, datetime | None]]:
        self.asked[resource, "updatedSince"] += 1
        if self.away_after is not None and len(self.sent) >= self.away_after:
            raise GaveUp("Gentrack stayed away.")
        records = self.records.get(resource, {})
        found = [
            records[one]
            for one in sorted(records)
            if datetime.fromisoformat(records[one].get("updatedDttm", "2019-03-01T00:00:00Z")) >= since
        ]
        for start in range(0, max(len(found), 1), self.page_size):
            yield _table(found[start : start + self.page_size], row_type), self.time
            if self.time is not None:
                self.time += timedelta(seconds=1)


def _table(records: list[dict[str, Any]], row_type: pa.StructType) -> pa.Table:
    return pa.Table.from_struct_array(cast("pa.StructArray", pa.array(records, type=row_type)))
