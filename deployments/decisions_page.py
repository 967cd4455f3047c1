"""`python -m deployments.decisions_page`: docs/ongoing-decisions.md, made by the functions that decide.

A test compares the page with them, so it can't go stale: `make docs` writes it anew.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from connector.mapping.agreement.field_cases import FieldCase
from connector.mapping.agreement.terms import Direction
from connector.mapping.vocabulary import Master
from deployments.decision_examples import CHANGES, FIXED_PARENTS, PARENTS, POLICIES
from deployments.record_examples import RECORDS
from deployments.stack import PROJECT

FILE = PROJECT / "docs" / "ongoing-decisions.md"

_HEAD = """# How ongoing synchronisation decides

Written by `make docs` from the functions that decide (`connector/mapping/agreement/`): every row below is an
example that was decided by them. Reconciliation and on-demand synchronisation decide by the same ones.

An event, a poll or a request only says that a record *may* have changed. What is done is decided from three
things: what Gentrack has, what Salesforce has, and what the two last agreed on. So a notice that is lost,
doubled, late or out of order does no harm, and it makes no difference who wrote a value:

- **Equal values are never written.** They are compared in canonical form: trimmed, numbers by their decimals,
  email addresses without regard to case, and only as far as Gentrack can hold a value.
- **A value that equals what was last agreed is no change**, an *echo*: nothing ping-pongs.
- **The master counts.** Which side is master of a field stands on [the mapping's page](mapping.md). A change
  on the other side is *drift*: the master's value is restored, or the drift is reported.
- **An address is one unit**: who changed it, and whose counts, is asked of all its lines together.
- **What was deleted is never revived**, and a side that doesn't answer deletes nothing.

Of each value the ledger keeps eight bytes of a hash, never the value. After a decision was carried out, what
is equal or was written is agreed; what is left, reported or in conflict is not. A line of the mapping that is
new, or changed, counts as never agreed.
"""

_UNTIL_THEN = """
*Nothing agreed yet* is a record, or a field, that is linked for the first time. A field that Salesforce
masters and that is blank there is filled from Gentrack then; later a blank of the master is a value, and
clears the other side.
"""


def decisions_page() -> str:
    """The whole page as Markdown."""
    return "\n".join([_HEAD.rstrip(), *_fields(), *_policies(), *_parents(), *_records()]) + "\n"


def _fields() -> Iterator[str]:
    yield from ("", "## A field of a linked record")
    for master in Master:
        told = "Both sides may change it" if master is Master.SHARED else f"{_side(master.value)} is master"
        yield from ("", f"### {told}", "")
        rows = (
            (
                example.what,
                *_values(example.gentrack, example.salesforce, example.agreed),
                *_decided(case, way),
            )
            for example in CHANGES
            for case, way in [example.case(master)]
        )
        yield from _table(
            ("what changed", "Gentrack", "Salesforce", "agreed", "what happens", "written to", "why"), rows
        )
    yield _UNTIL_THEN.rstrip()


def _policies() -> Iterator[str]:
    yield from ("", "## What policies and limits change", "")
    rows = (
        (_side(master.value), example.what, *_decided(*example.case(master))) for master, example in POLICIES
    )
    yield from _table(("master", "what changed", "what happens", "written to", "why"), rows)


def _parents() -> Iterator[str]:
    yield from ("", "## A record's parent", "", "Gentrack is master of every lookup to a parent.", "")
    rows = []
    for told, examples in (("", PARENTS), (" (taken at creation only)", FIXED_PARENTS)):
        for example in examples:
            record, case, way = example.case()
            anew = case is FieldCase.CREATED
            happens = (record.action, "Salesforce", record.why) if anew else _decided(case, way)
            rows.append((example.what + told, *happens))
    yield from _table(("what happened", "what happens", "written to", "why"), rows)


def _records() -> Iterator[str]:
    yield from ("", "## A record as a whole", "")
    yield from _table(
        ("the record", "what is done", "outcome", "why", "code"),
        (
            (example.what, case.action, case.outcome or "out of scope", case.why, f"`{case.name}`")
            for example, case in ((example, example.case()) for example in RECORDS)
        ),
    )
    yield from (
        "",
        "Where the fields that differ are written, the outcome is *updated* if any is, and *held* if one of",
        "them waits for a person or a parent.",
    )


def _decided(case: FieldCase, way: Direction | None) -> tuple[str, str, str]:
    target = {Direction.TO_SALESFORCE: "Salesforce", Direction.TO_GENTRACK: "Gentrack", None: ""}[way]
    return case.verdict, target, case.why


def _values(gentrack: str, salesforce: str, agreed: str | None) -> tuple[str, str, str]:
    return gentrack or "(blank)", salesforce or "(blank)", "?" if agreed is None else agreed


def _side(name: str) -> str:
    return name.capitalize()


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    titles = tuple(head)
    yield f"| {' | '.join(titles)} |"
    yield "|" + "---|" * len(titles)
    yield from (f"| {' | '.join(row)} |" for row in rows)


def main(file: Path = FILE) -> None:
    """Write the page."""
    file.write_text(decisions_page(), "utf-8")


if __name__ == "__main__":
    main()
