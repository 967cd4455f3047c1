"""`python -m deployments.mapping_page`: docs/mapping.md, written from the registry and from nothing else.

A test compares the page with the registry, so it can't go stale: `make docs` writes it anew.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from connector.entities import registry
from connector.mapping.flags import GONE, GONE_ON
from connector.mapping.matching import MatchingRule, Strength
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, Field, Master, NullPolicy, Parent
from connector.model.outcome import RowOutcome
from deployments.stack import PROJECT

FILE = PROJECT / "docs" / "mapping.md"

_HEAD = f"""# The mapping

Written from `connector/entities/` by `make docs`; change the mapping there, not this page.

Every record in Salesforce carries its key of Gentrack in `{EXTERNAL_ID}`. Entities are loaded in
the order of this page, parents first. On creation every field is written. Afterwards the **master** of a
field counts: in an initial synchronisation Gentrack's fields follow Gentrack; Salesforce's are left alone,
but for blank ones, which are filled when a record is first linked. How both stay equal afterwards stands on
the page of [ongoing decisions](ongoing-decisions.md).

*Converter* says how a value is changed on its way; with *round trip* also back. *An empty value* of the
master clears the other side's, or leaves it alone. Fields of *one unit* count as one value: the lines of an
address are never mixed from two of them. *Written back to* says where in Gentrack the value of a field that
Salesforce masters goes ([operations](operations.md), "Write-back").

A record that Gentrack has no more is flagged: `{GONE}` (a checkbox) and `{GONE_ON}`
(the day on which that was found), on the objects of all entities, unless the instance chose otherwise.
"""


def mapping_page() -> str:
    """The whole page as Markdown."""
    specs = registry()
    overview = [
        "",
        "| entity | Salesforce object | key | fields |",
        "|---|---|---|---|",
        *(
            f"| [{spec.name}](#{spec.name}) | {spec.salesforce_object} | {_key(spec)} | {len(spec.fields)} |"
            for spec in specs
        ),
    ]
    sections = [line for spec in specs for line in _section(spec)]
    return "\n".join([_HEAD.rstrip(), *overview, *sections]) + "\n"


def _section(spec: EntitySpec) -> Iterator[str]:
    told = inspect.getdoc(sys.modules[f"connector.entities.{spec.name}"]) or ""
    yield from ("", f"## {spec.name}", "", told, "")
    yield from (f"- {rule}" for rule in _rules(spec))
    yield from (
        "",
        "| Salesforce field | Gentrack | type | master | converter | an empty value | notes |",
        "|---|---|---|---|---|---|---|",
    )
    yield from (_row(spec, line) for line in spec.fields)


def _rules(spec: EntitySpec) -> Iterator[str]:
    resources = ", ".join(f"`{resource.name}`" for resource in spec.source.resources)
    yield f"Object `{spec.salesforce_object}`, from Gentrack's {resources}."
    yield f"Key: {_key(spec)}."
    yield from (f"Parent: {_parent(parent)}." for parent in spec.parents)
    yield from (
        f"`{anchor.field}` is what `{anchor.query}` finds in the org, written at creation only."
        for anchor in spec.anchors
    )
    if spec.lock_parent:
        yield f"Lock parent: `{spec.lock_parent}`; jobs side by side never share one."
    yield from (_matching(rule) for rule in spec.matching)
    if spec.support:
        yield (
            f"A proposal without a rival on either side links by its {spec.support.name}: the linked"
            f" {spec.support.entity} of `{spec.support.key}` stands on it (`{spec.support.lookup}`)."
        )
    if spec.found_by_parents:
        yield "Found by its parents: the platform makes records of it by itself, which are updated by Id."
    if spec.finished_after:
        yield f"Finished after {spec.finished_after}: what must wait is written by a pass of its own."


def _parent(parent: Parent) -> str:
    words = [f"`{parent.field}` is the {parent.entity} of `{parent.key}`"]
    words.append("required" if parent.required else "may be empty")
    words.append("written when all are there" if parent.later else "written at creation only")
    return ", ".join(words)


def _matching(rule: MatchingRule) -> str:
    does = "links" if rule.strength is Strength.STRONG else "proposes, a person decides"
    agreements = " and ".join(
        f"{_any_of(agreement.ours)} = {_any_of(agreement.theirs)}"
        + (f" of its {agreement.child.entity}s" if agreement.child else "")
        for agreement in rule.agreements
    )
    return f"Found at first by {rule.name} ({does}): {agreements}."


def _any_of(names: tuple[str, ...]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _key(spec: EntitySpec) -> str:
    return " : ".join(f"`{component}`" for component in spec.key)


def _row(spec: EntitySpec, line: Field) -> str:
    sources = ", ".join(f"`{source}`" for source in line.sources)
    way = "round trip" if line.converter.to_gentrack else "one way"
    converter = "as it is" if line.converter.name == "as is" else f"{line.converter.name} ({way})"
    kind = f"{line.type.value}, {line.scale} decimals" if line.type.value == "number" else line.type.value
    cells = (
        f"`{line.api_name}`",
        sources,
        kind,
        line.master.value,
        converter,
        _empty(line),
        _notes(spec, line),
    )
    return f"| {' | '.join(cells)} |"


def _empty(line: Field) -> str:
    return "clears" if line.null_policy is NullPolicy.CLEAR else "leaves alone"


def _notes(spec: EntitySpec, line: Field) -> str:
    notes = []
    if line.master is Master.SALESFORCE:
        places = [origin for source in line.sources for origin in spec.source.origins_of(source)]
        where = ", ".join(f"`{place.resource.name}` `{place.path}`" for place in places)
        notes.append(f"written back to {where}" if where else "not written back")
    if line.unit is not None:
        notes.append(f"one unit: {line.unit}")
    if line.born is not None:
        notes.append(f"every new record has `{line.born}` first")
    if line.when_missing is RowOutcome.HELD:
        notes.append("a row without it is held")
    return "; ".join(notes)


def main(file: Path = FILE) -> None:
    """Write the page."""
    file.write_text(mapping_page(), "utf-8")


if __name__ == "__main__":
    main()
