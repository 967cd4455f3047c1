"""An org that answers what a test tells it to, and remembers what it was asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connector.entities import registry
from connector.errors import RequestRefused
from connector.model.describe import ObjectDescribe
from connector.model.replication import Deletions, Reading
from connector.model.saved import Replacement, Save, Saved
from tests.unit.sync.sync_describe import described

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def objects() -> dict[str, ObjectDescribe]:
    """Every object of the registry, as an org with our package describes it."""
    return {spec.salesforce_object: described(spec) for spec in registry()}


@dataclass
class ToldOrg:
    """`answer` gives the records of a query, `deleted` the ids that an object lost; None: it forgot."""

    answer: Callable[[str], list[dict[str, Any]]] = lambda _: []
    deleted: Mapping[str, Sequence[str]] | None = field(default_factory=dict)
    saved: Callable[[Save], list[Saved]] = lambda save: [Saved("made") for _ in save.records]
    clock: datetime | None = NOW
    described: dict[str, ObjectDescribe] = field(default_factory=objects)
    asked: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    saves: list[Save] = field(default_factory=list)
    replaced: list[Replacement] = field(default_factory=list)

    def now(self) -> datetime | None:
        self.calls.append("now")
        return self.clock

    def describe(self, sobject: str) -> ObjectDescribe:
        return self.described[sobject]

    def query(self, soql: str) -> list[dict[str, Any]]:
        self.calls.append("query")
        self.asked.append(soql)
        return self.answer(soql)

    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> list[list[dict[str, Any]]]:
        return list(self.reading(soql, deleted=deleted).records)

    def reading(self, soql: Sequence[str], *, deleted: bool = False) -> Reading:
        self.calls += ["queryAll" if deleted else "query"] * -(-len(soql) // 5)
        self.asked += soql
        return Reading([self.answer(one) for one in soql], self.clock)

    def deletions(self, sobjects: Sequence[str], start: datetime, end: datetime) -> list[Deletions]:
        self.calls.append("deletions")
        if self.deleted is None:
            raise RequestRefused("Too long ago.", status=400, code="INVALID_REPLICATION_DATE")
        return [Deletions(dict.fromkeys(self.deleted.get(name, ()), start), end) for name in sobjects]

    def save(self, saves: Sequence[Save]) -> list[list[Saved]]:
        self.calls += ["save"] * -(-len(saves) // 5)
        self.saves += saves
        return [self.saved(save) for save in saves]

    def replace(self, replacements: Sequence[Replacement]) -> list[Saved]:
        self.calls.append("replace")
        self.replaced += replacements
        return [Saved("made", created=True) for _ in replacements]
