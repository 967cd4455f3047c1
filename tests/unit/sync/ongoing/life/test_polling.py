"""Both polls: what one resource or entity is refused for keeps no other one from being polled."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa

from connector.entities import entity
from connector.entities.resources import ACCOUNTS, CUSTOMERS
from connector.errors import RequestRefused
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import Notice
from connector.model.cursor import Cursor, Side
from connector.sync.ongoing.life.polling import Polling
from connector.sync.ongoing.salesforce.poll import Polled

AT = datetime(2026, 11, 24, 19, 15, tzinfo=UTC)


class Cursors:
    def __init__(self) -> None:
        self.moved: list[str] = []

    def of(self, instance: str) -> list[Cursor]:
        return []

    def take_in(
        self, instance: str, notices: Iterable[Notice], values: Mapping[tuple[Side, str], str]
    ) -> int:
        self.moved += [resource for _, resource in values]
        return 0


class Tenant:
    def having(
        self, resource: str, row_type: pa.StructType, field: str, values: Collection[str]
    ) -> Iterator[pa.Table]:
        raise AssertionError(resource)

    def changed(
        self, resource: str, row_type: pa.StructType, since: datetime
    ) -> Iterator[tuple[pa.Table, datetime | None]]:
        if resource == "accounts":
            raise RequestRefused("Gentrack refused accounts.", status=403)
        yield pa.schema(list(row_type)).empty_table(), AT


@dataclass
class Salesforce:
    refused: str
    asked: list[list[str]] = field(default_factory=list)

    def turn(self, specs: Sequence[EntitySpec], cursors: Mapping[str, str], now: datetime) -> Polled:
        names = [spec.name for spec in specs]
        self.asked.append(names)
        if self.refused in names:
            raise RequestRefused("No such column 'Phone' on entity 'Contact'.", code="INVALID_FIELD")
        return Polled((), dict.fromkeys(names, "here"), frozenset(), 0)


def test_what_is_refused_is_told_and_keeps_its_cursor_and_the_others_go_on() -> None:
    cursors, salesforce = Cursors(), Salesforce("contact")
    polling = Polling(
        instance="61668309",
        entities=(entity("account"), entity("contact")),
        resources=(ACCOUNTS, CUSTOMERS),
        finding=Tenant(),
        salesforce=salesforce,
        cursors=cursors,
    )
    refused = polling.poll()
    assert sorted(refused) == ["accounts", "contact"]
    assert "No such column" in refused["contact"]
    assert cursors.moved == ["customers", "account"]
