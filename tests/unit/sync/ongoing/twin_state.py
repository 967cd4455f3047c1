"""What stands in two systems and a ledger, in memory; the process that reads it may die at any step."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pyarrow as pa

from connector.mapping.agreement.terms import Terms
from connector.mapping.vocabulary import (
    Creation,
    EntitySpec,
    Field,
    FieldType,
    Master,
    Parent,
    Resource,
    SourceView,
)
from connector.model.agreement import Agreement
from connector.model.change import DeadLetter, Waiting
from connector.model.link import Match
from connector.sync.ongoing.round.notices import Identity

INSTANCE = "61668309"


def _resource(name: str) -> Resource:
    return Resource(name, pa.struct([("id", pa.int64()), ("number", pa.string())]))


SITE = EntitySpec(
    name="site",
    salesforce_object="Site__c",
    key=("number",),
    source=SourceView(resources=(_resource("sites"),), sql=""),
    fields=(
        Field("Title__c", "title", FieldType.TEXT, Master.SALESFORCE),
        Field("Tariff__c", "tariff", FieldType.TEXT, Master.GENTRACK),
        Field("Memo__c", "memo", FieldType.TEXT, Master.SHARED),
    ),
)
METER = EntitySpec(
    name="meter",
    salesforce_object="Meter__c",
    key=("number",),
    parents=(Parent("Site__c", "site", "siteNumber"),),
    source=SourceView(resources=(_resource("meters"),), sql=""),
    fields=(Field("Status__c", "status", FieldType.TEXT, Master.GENTRACK),),
    creation=Creation(),
)
ENTITIES = (SITE, METER)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Record:
    """A record in Salesforce."""

    entity: EntitySpec
    key: str | None = None
    values: dict[str, str | None] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    deleted: bool = False
    merged_into: str | None = None
    flagged: bool = False
    in_scope: bool = False


@dataclass
class State:
    """All that a round touches. `die_at` is the step, from 1, before which the process dies."""

    ours: dict[str, dict[int, dict[str, Any]]] = field(default_factory=lambda: {"sites": {}, "meters": {}})
    theirs: dict[str, Record] = field(default_factory=dict)
    pairs: dict[tuple[str, str], Agreement] = field(default_factory=dict)
    inbox: dict[Identity, Waiting] = field(default_factory=dict)
    turns: dict[Identity, timedelta] = field(default_factory=dict)
    letters: dict[Identity, DeadLetter] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)
    refusing: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """External id -> the code that Salesforce refuses it with, and whether that passes."""
    refusals: dict[str, str] = field(default_factory=dict)
    """External id -> what Salesforce says when it refuses it."""
    breaking: set[str] = field(default_factory=set)
    """External ids that break whoever reads them."""
    unkeyed: set[str] = field(default_factory=set)
    """Salesforce ids that can't be given their external id, once."""
    untraceable: set[str] = field(default_factory=set)
    """Resources whose notices can't be followed."""
    locked: set[str] = field(default_factory=set)
    asked: dict[str, int] = field(default_factory=dict)
    """External id, case folded -> how many proposals are open."""
    asked_with: set[str] = field(default_factory=set)
    """Salesforce ids with open proposals."""
    looked: int = 0
    """How many times it was looked whether new records stand in Salesforce already."""
    matches: list[Match] = field(default_factory=list)
    """What rounds found and kept."""
    apart: set[tuple[str, str]] = field(default_factory=set)
    """Pairs, external id case folded, that a person rejected."""
    accepted: dict[str, str] = field(default_factory=dict)
    written: list[tuple[str, str, str]] = field(default_factory=list)
    """Side, record and field of each value that was written."""
    die_at: int = 0
    steps: int = 0
    numbers: int = 100

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.die_at:
            raise Killed
