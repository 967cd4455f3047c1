"""The judge: whether both systems hold what people left there, by the masters' rules, and nothing else.

Of a field, the master's value counts as people last gave it; whatever the connector did in between, both
sides must have it. Nothing may be lost, doubled, made up, or back after it was deleted.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.soak.journal import Entry
from bench.soak.people import Record
from bench.soak.picture import FLAG, Picture, View, folded
from bench.soak.replay import Replayed, Spot, replayed
from connector.entities import registry
from connector.mapping import columns as named
from connector.mapping.agreement.lines import Line, lines_of
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, Master, Parent

IN_SCOPE = "made in scope"
"""The act of the journal by which people make a record in Salesforce that Gentrack must get."""


class Wrong(StrEnum):
    """What is wrong with a record."""

    MISSING = "is not in Salesforce"
    DOUBLED = "stands in Salesforce more than once"
    REVIVED = "was deleted in Salesforce and is there again"
    NOT_FLAGGED = "is gone in Gentrack and not flagged in Salesforce"
    LOST = "is gone in Gentrack"
    MADE_UP = "came into being in Gentrack, and nobody made it"
    NOT_CREATED = "was made in Salesforce and is not once in Gentrack"
    STRAY = "came into being in Salesforce without an external id, and nobody made it"
    OVERWRITTEN = "lacks in its master what people last gave it"
    UNEQUAL = "differs between the systems"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong; `line` is the field or lookup, where one is meant."""

    entity: str
    key: str
    wrong: Wrong
    line: str | None = None

    def __str__(self) -> str:
        return f"{self.entity} {self.key} {self.wrong}" + (f": {self.line}" if self.line else "")


class Judge:
    """Judges what has become of two systems since a picture of `before`.

    What was wrong then is no finding; `specs` are the entities that are looked at.
    """

    def __init__(self, before: Picture, specs: Sequence[EntitySpec] = registry()) -> None:
        self._before = View(before)
        self._specs = specs
        untouched = Replayed(before, frozenset())
        self._known = set(self._all(untouched, self._before, self._before, []))

    def unequal_before(self) -> set[tuple[str, str]]:
        """(entity, folded key) of what wasn't as it should be when nobody had done anything."""
        return {(finding.entity, folded(finding.key)) for finding in self._known}

    def bad_before(self) -> set[tuple[str, str]]:
        """Resource and id of Gentrack's records whose row wasn't in Salesforce, or not as it should be."""
        bad = self.unequal_before()
        found: set[tuple[str, str]] = set()
        for spec in self._specs:
            rows = self._before.rows(spec)
            resource = spec.source.resources[0].name
            for key, number in zip(rows[named.KEY], rows["id"], strict=True):
                if (spec.name, folded(key)) in bad or folded(key) not in self._before.carriers(spec):
                    found.add((resource, str(int(number))))
        return found

    def findings(self, entries: Sequence[Entry], after: Picture) -> list[Finding]:
        """What is wrong after all that people did, and wasn't before."""
        told = replayed(self._before, entries)
        found = self._all(told, View(told.picture), View(after), entries)
        return [finding for finding in found if finding not in self._known]

    def _all(self, told: Replayed, left: View, after: View, entries: Sequence[Entry]) -> Iterator[Finding]:
        made = [(entry.kind, entry.record) for entry in entries if entry.act == IN_SCOPE]
        deleted = {spec.name: _deleted_keys(spec, self._before.picture, told.picture) for spec in registry()}
        for spec in self._specs:
            ours = {record for kind, record in made if kind == spec.salesforce_object}
            yield from _Case(spec, self._before.picture, told, left, after, deleted, ours).findings()


def _deleted_keys(spec: EntitySpec, before: Picture, told: Picture) -> set[str]:
    """Folded external ids whose record people deleted; a merged one goes on as another record."""
    gone = {
        name
        for name, one in told.salesforce[spec.salesforce_object].items()
        if one["IsDeleted"] and name in before.living(spec.salesforce_object)
    }
    known = before.salesforce[spec.salesforce_object]
    keys = {folded(known[name][EXTERNAL_ID]) for name in gone if known[name][EXTERNAL_ID]}
    return keys - {
        folded(one[EXTERNAL_ID]) for one in told.living(spec.salesforce_object).values() if one[EXTERNAL_ID]
    }


@dataclass(frozen=True)
class _Case:
    """One entity: what people left, and what stands there `after`."""

    spec: EntitySpec
    before: Picture
    told: Replayed
    left: View
    after: View
    deleted: dict[str, set[str]]
    made: Collection[str]

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong with the entity."""
        yield from self._of_scope()
        yield from self._of_gentrack()
        for key in self.after.of_gentrack(self.spec):
            yield from self._of_key(key)
        yield from self._of_salesforce()

    def _of_scope(self) -> Iterator[Finding]:
        """Records that people made in Salesforce for Gentrack stand there once."""
        resource = self.spec.source.resources[0].name
        of_reference = Counter(
            one.get("clientReference") for one in self.after.picture.gentrack[resource].values()
        )
        for record in self.made:
            key = self.after.picture.salesforce[self.spec.salesforce_object][record][EXTERNAL_ID]
            if of_reference[record] != 1 or not key or folded(key) not in self.after.of_gentrack(self.spec):
                yield self._finding(record, Wrong.NOT_CREATED)

    def _of_gentrack(self) -> Iterator[Finding]:
        resource = self.spec.source.resources[0].name
        made = {
            one["id"]
            for one in self.after.picture.gentrack[resource].values()
            if one.get("clientReference") in self.made
        }
        known = self.told.picture.gentrack[resource].keys()
        for record in self.after.picture.gentrack[resource].keys() - known - made:
            yield self._finding(f"{resource}/{record}", Wrong.MADE_UP)
        for record in known - self.after.picture.gentrack[resource].keys():
            yield self._finding(f"{resource}/{record}", Wrong.LOST)

    def _of_key(self, key: str) -> Iterator[Finding]:
        carriers = self.after.carriers(self.spec).get(key, [])
        if key in self.deleted[self.spec.name]:
            if carriers:
                yield self._finding(key, Wrong.REVIVED)
        elif len(carriers) > 1:
            yield self._finding(key, Wrong.DOUBLED)
        elif not carriers:
            if not self._lacks_parent(key):
                yield self._finding(key, Wrong.MISSING)
        else:
            yield from self._of_lines(key, carriers[0])

    def _lacks_parent(self, key: str) -> bool:
        return any(
            self.after.of_gentrack(self.spec)[key][p.field] in self.deleted[p.entity]
            for p in self.spec.parents
            if p.required
        )

    def _of_lines(self, key: str, record: str) -> Iterator[Finding]:
        for line in lines_of(self.spec):
            ours, theirs = (
                self.after.of_gentrack(self.spec)[key][line.name],
                self.after.of_salesforce(self.spec)[record][line.name],
            )
            if isinstance(line.of, Parent) and ours in self.deleted[line.of.entity]:
                continue
            if ours != theirs:
                yield self._finding(key, Wrong.UNEQUAL, line.name)
            wanted = self._wanted_of(key, record, line)
            if wanted and wanted[0] != (ours if line.master is Master.GENTRACK else theirs):
                yield self._finding(key, Wrong.OVERWRITTEN, line.name)

    def _wanted_of(self, key: str, record: str, line: Line) -> list[str | None]:
        """What people last gave the line in its master; nothing where that is not known.

        Where Salesforce's record was linked only since, Gentrack fills what is blank there: with what people
        gave a new record, or with what stood there when a known one came to another external id.
        """
        if line.master is Master.SALESFORCE and record in self.left.of_salesforce(self.spec):
            spot = Spot(self.spec.salesforce_object, record, line.name)
            given = self.left.of_salesforce(self.spec)[record][line.name]
            was_linked = self.left.picture.salesforce[spot.sobject][record][EXTERNAL_ID]
            if given is not None or was_linked:
                return [] if spot in self.told.undecided else [given]
        if line.master is Master.SALESFORCE and not self._is_new_in_gentrack(key):
            return []
        wanted = self.left.of_gentrack(self.spec)
        return [wanted[key][line.name]] if key in wanted else []

    def _is_new_in_gentrack(self, key: str) -> bool:
        rows, known = self.left.rows(self.spec), self.before.gentrack[self.spec.source.resources[0].name]
        numbers = rows.loc[rows[named.KEY].str.lower() == key, "id"]
        return not any(int(number) in known for number in numbers)

    def _of_salesforce(self) -> Iterator[Finding]:
        known = self.told.picture.salesforce[self.spec.salesforce_object]
        rows = {folded(key) for key in self.after.rows(self.spec)[named.KEY]}
        for name, one in self.after.picture.living(self.spec.salesforce_object).items():
            key = one[EXTERNAL_ID]
            if key and folded(key) not in rows and not one.get(FLAG):
                yield self._finding(key, Wrong.NOT_FLAGGED)
            if not key and name not in known and not self._made_by_the_platform(one):
                yield self._finding(name, Wrong.STRAY)

    def _made_by_the_platform(self, one: Record) -> bool:
        return self.spec.found_by_parents and bool(one)

    def _finding(self, key: str, wrong: Wrong, line: str | None = None) -> Finding:
        return Finding(self.spec.name, key, wrong, line)
