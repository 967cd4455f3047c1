"""Rows to the nested records of a JSON answer.

Source: REST API developer guide, "Query"; recorded answers (missing parents and children are null).
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from sandbox.salesforce.soql.compile import Shape

Record = dict[str, Any]


def moment(value: datetime) -> str:
    """A dateTime of a record."""
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}+0000"


def plain(value: object) -> object:
    """A stored value as JSON shows it."""
    if isinstance(value, datetime):
        return moment(value)
    return value.isoformat() if isinstance(value, date) else value


class RecordBuilder:
    """Makes records of one shape; ``version`` such as ``v66.0`` stands in their addresses."""

    def __init__(self, shape: Shape, version: str) -> None:
        self._shape = shape
        self._root = f"/services/data/{version}/sobjects"
        self._setters = [self._setter(place) for place in range(len(shape.outputs))]

    def record(self, row: Sequence[object]) -> Record:
        """The record of a row."""
        shape = self._shape
        if shape.aggregate:
            record: Record = {"attributes": {"type": "AggregateResult"}}
        else:
            record = {"attributes": self.attributes(shape.sobject.name, row[0])}
        for setter, value in zip(self._setters, row, strict=False):
            if setter is not None:
                setter(record, value)
        return record

    def attributes(self, name: str, record_id: object) -> dict[str, str]:
        """What a record says of itself."""
        return {"type": name, "url": f"{self._root}/{name}/{record_id}"}

    def _setter(self, place: int) -> Callable[[Record, object], None] | None:
        output = self._shape.outputs[place]
        if not output.path:
            return self._parent_setter(place)
        *steps, name = output.path
        if output.field.compound and len(output.path) > 1 and steps[-1] == output.field.compound:
            return self._compound_setter(tuple(steps), output.field.compound, name)
        render = self._body_address if output.field.type == "base64" else plain
        if not steps:
            return lambda record, value: record.__setitem__(name, render(value))
        where = tuple(steps)

        def nested(record: Record, value: object) -> None:
            holder = _walk(record, where)
            if holder is not None:
                holder[name] = render(value)

        return nested

    def _parent_setter(self, place: int) -> Callable[[Record, object], None] | None:
        for steps, (sobject, at) in self._shape.parents.items():
            if at == place:
                return self._putting_parent(steps, sobject.name)
        return None

    def _putting_parent(self, steps: tuple[str, ...], name: str) -> Callable[[Record, object], None]:
        def put(record: Record, value: object) -> None:
            holder = _walk(record, steps[:-1])
            if holder is not None:
                holder[steps[-1]] = None if value is None else {"attributes": self.attributes(name, value)}

        return put

    def _compound_setter(
        self, steps: tuple[str, ...], compound: str, name: str
    ) -> Callable[[Record, object], None]:
        stem = compound.removesuffix("Address")
        component = name.removeprefix(stem)
        component = component[0].lower() + component[1:]

        def put(record: Record, value: object) -> None:
            holder = _walk(record, steps[:-1])
            if holder is None:
                return
            address = holder.setdefault(compound, None)
            if value is not None and address is None:
                address = holder[compound] = dict.fromkeys(
                    (
                        "city",
                        "country",
                        "geocodeAccuracy",
                        "latitude",
                        "longitude",
                        "postalCode",
                        "state",
                        "street",
                    )
                )
            if address is not None:
                address[component] = value

        return put

    def _body_address(self, value: object) -> object:
        return f"{self._root}/{self._shape.sobject.name}/{value}/VersionData"


def _walk(record: Record, steps: tuple[str, ...]) -> Record | None:
    holder: Record | None = record
    for step in steps:
        if holder is None:
            return None
        holder = holder.get(step)
    return holder
