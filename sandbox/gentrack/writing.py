"""Creating and changing records: which fields can be written, and what a write brings about."""

from typing import Any

import orjson

from sandbox.gentrack.clock import Clock
from sandbox.gentrack.collection import Collection
from sandbox.gentrack.errors import NotFound, Refusal
from sandbox.gentrack.events import Publisher
from sandbox.seed import Record
from sandbox.seed.keys import padded
from sandbox.seed.links import links

READ_ONLY = frozenset({"id", "number", "balance", "updatedDttm", "links", "clientReference"})
CREATABLE = ("accounts", "customers", "accountCustomers")
_REFERENCES = {"accountId": "accounts", "customerId": "customers", "parentAccountId": "accounts"}
_RELATED = {"accounts": "accountCustomers", "customers": "accounts"}


class Writer:
    """Applies writes to the collections of one tenant.

    All methods raise `Refusal` (400 for fields that don't exist or name nobody, 404, 409).
    """

    def __init__(self, collections: dict[str, Collection], clock: Clock, publisher: Publisher) -> None:
        self._collections = collections
        self._clock = clock
        self._publisher = publisher

    def change(self, collection: str, identifier: int, fields: Record, *, whole: bool) -> bytes:
        """Change a record; `whole` replaces it (what is not given becomes null), else fields are merged.

        Read-only fields may be sent along; they are left alone.
        """
        row = self._collections[collection].get(identifier)
        if row is None:
            raise NotFound(f"{collection}/{identifier}")
        record: Record = orjson.loads(row)
        given = self._checked(collection, fields)
        if whole:
            given = {name: given.get(name) for name in record if name not in READ_ONLY}
        merged = _merge(record, given, whole=whole)
        self._fill_numbers(merged, given)
        merged["updatedDttm"] = self._clock.stamp()
        row = self._collections[collection].put(merged)
        self._publisher.publish(collection, "updated", merged)
        return row

    def create(self, collection: str, fields: Record) -> tuple[Record, bytes]:
        """Add a record. A ``clientReference`` can be given once in a collection: again is a 409.

        An account needs the ``primaryCustomerId`` of a customer, who becomes its primary.
        """
        if collection not in CREATABLE:
            raise Refusal(405, "MethodNotAllowed", f"{collection} can't be created here")
        reference = fields.get("clientReference")
        if reference is not None and self._collections[collection].of_reference(reference):
            raise Refusal(409, "DuplicateClientReference", f"{reference} was used for another record")
        fields = dict(fields)
        primary = fields.pop("primaryCustomerId", None)
        if collection == "accounts":
            self._require("customers", "primaryCustomerId", primary)
        record = self._blank(collection) | self._checked(collection, fields)
        for name in _REFERENCES.keys() & record.keys() - {"parentAccountId"}:
            self._require(_REFERENCES[name], name, record[name])
        self._fill_numbers(record, record)
        record["clientReference"] = reference
        row = self._collections[collection].put(record)
        self._publisher.publish(collection, "created", record)
        if collection == "accounts":
            self.create("accountCustomers", _main_relation(record["id"], primary, record["updatedDttm"]))
        return record, row

    def _blank(self, collection: str) -> Record:
        """A new record with its id and number; every other field of its kind is null, flags are N."""
        shape = self._collections[collection].shape
        identifier = self._collections[collection].new_id()
        record: Record = {name: "N" if name.endswith("Fl") else None for name in shape}
        record |= {
            "id": identifier,
            "updatedDttm": self._clock.stamp(),
            "links": links(collection, identifier, *filter(None, [_RELATED.get(collection)])),
        }
        if "number" in shape:
            record["number"] = padded(identifier)
        return record

    def _checked(self, collection: str, fields: Record) -> Record:
        """The fields that can be written; unknown ones and objects that aren't are refused."""
        shape = self._collections[collection].shape
        for name, value in fields.items():
            known = shape.get(name)
            if name not in shape and name != "clientReference":
                raise Refusal(400, "UnknownField", f"{collection} have no field {name}")
            if isinstance(known, dict) and value is not None:
                if not isinstance(value, dict):
                    raise Refusal(400, "InvalidField", f"{name} must be an object")
                if unknown := value.keys() - known.keys():
                    raise Refusal(400, "UnknownField", f"{name} has no field {min(unknown)}")
        written = {name: value for name, value in fields.items() if name not in READ_ONLY}
        for name in _REFERENCES.keys() & written.keys():
            if written[name] is not None:
                self._require(_REFERENCES[name], name, written[name])
        return written

    def _require(self, collection: str, field: str, identifier: Any) -> None:
        if not isinstance(identifier, int) or self._collections[collection].get(identifier) is None:
            raise Refusal(400, "InvalidReference", f"{field} names no record of {collection}")

    def _fill_numbers(self, record: Record, given: Record) -> None:
        """Let accountNumber and customerNumber follow the ids they stand for."""
        for name, collection in (("accountId", "accounts"), ("customerId", "customers")):
            number = name.replace("Id", "Number")
            if name in given and number in record:
                referred = self._collections[collection].get(record[name]) if record[name] else None
                record[number] = orjson.loads(referred)["number"] if referred else None


def _merge(record: Record, given: Record, *, whole: bool) -> Record:
    merged = dict(record)
    for name, value in given.items():
        own = record.get(name)
        if isinstance(own, dict) and isinstance(value, dict):
            merged[name] = (dict.fromkeys(own) if whole else own) | value
        else:
            merged[name] = value
    return merged


def _main_relation(account: int, customer: int, since: str) -> Record:
    return {
        "accountId": account,
        "customerId": customer,
        "primaryFl": "Y",
        "role": "Main",
        "fromDt": since[:10],
    }
