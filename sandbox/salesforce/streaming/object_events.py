"""The events that the triggers of the DX source publish, one for each record that was saved."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

import orjson
import pyarrow as pa

from sandbox.salesforce.schema.model import Schema
from sandbox.salesforce.soql.records import plain
from sandbox.salesforce.storage.keys import NUMBER
from sandbox.salesforce.streaming.batches import Payload

EVENT = "Gentrack_Object_Event__e"


@dataclass(frozen=True, slots=True)
class ObjectEvents:
    """Events of one save: the records before and after, in the same order, whichever there are.

    `stamp` is in milliseconds since 1970.
    """

    object_name: str
    operation: str
    user_id: str
    stamp: int
    old: pa.Table | None
    new: pa.Table | None
    uuid: UUID = field(default_factory=uuid4)
    event_name: str = EVENT

    def __len__(self) -> int:
        rows = self.new if self.new is not None else self.old
        return 0 if rows is None else int(rows.num_rows)

    def payloads(self, start: int, stop: int, visible: Schema) -> list[Payload]:  # noqa: ARG002
        """Fields of platform events know no field-level security."""
        old, new = (self._records(rows, start, stop) for rows in (self.old, self.new))
        return [
            {
                "CreatedDate": self.stamp,
                "CreatedById": self.user_id,
                "Operation_Type__c": self.operation,
                "Object_Type__c": self.object_name,
                "Old_Payload__c": None if old is None else old[place],
                "New_Payload__c": None if new is None else new[place],
            }
            for place in range(stop - start)
        ]

    def _records(self, rows: pa.Table | None, start: int, stop: int) -> list[str] | None:
        if rows is None:
            return None
        root = f"/services/data/v66.0/sobjects/{self.object_name}"
        records = []
        for row in rows.slice(start, stop - start).to_pylist():
            attributes = {"type": self.object_name, "url": f"{root}/{row['Id']}"}
            values = {
                name: plain(value) for name, value in row.items() if value is not None and name != NUMBER
            }
            records.append(orjson.dumps({"attributes": attributes} | values).decode())
        return records
