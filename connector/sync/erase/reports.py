"""Erasure in reports: the lines about a person leave their files of rows and the samples of a plan."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from connector.sync.erase.person import Erased, Person
from connector.sync.plan_files import PLAN_FILE, PLAN_PAGE
from connector.sync.reconcile.drift_files import DRIFT_ROWS
from connector.sync.report import ERRORS_FILE
from connector.sync.review_file import REVIEW_FILE
from connector.sync.write_back_told import WRITE_BACK_FILE

ROW_FILES = (ERRORS_FILE, REVIEW_FILE, WRITE_BACK_FILE, DRIFT_ROWS)
"""The files of a report that hold rows, here and in Salesforce."""
_WORDS = ("reason", "source_row", "gentrack", "salesforce", "gentrack_value", "salesforce_value")
"""Columns with values of a record."""


def erase_reports(person: Person, runs: Sequence[str], reports: Path) -> Iterator[Erased]:
    """Rewrite the reports of these runs on this machine; tells the files of which something went."""
    for run_id in runs:
        folder = reports / run_id
        for name in ROW_FILES:
            file = folder / name
            if file.exists():
                unfinished = folder / f"{name}.unfinished"
                rows = without(person, file, unfinished)
                if rows:
                    unfinished.replace(file)
                    yield Erased(str(file), "rows removed or emptied", rows)
                else:
                    unfinished.unlink()
        if (folder / PLAN_FILE).exists():
            yield from _without_samples(person, folder)


def without(person: Person, source: Path, target: Path) -> int:
    """Write a CSV of rows without what it says of the person; returns how many rows that changed."""
    changed = 0
    mark = source.read_bytes()[:3].decode("utf-8", "ignore").startswith("\N{ZERO WIDTH NO-BREAK SPACE}")
    with (
        source.open(encoding="utf-8-sig", newline="") as given,
        target.open("w", encoding="utf-8-sig" if mark else "utf-8", newline="") as kept,
    ):
        rows = csv.DictReader(given)
        names = list(rows.fieldnames or ())
        writer = csv.DictWriter(kept, names, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            if _is_about(person, row):
                changed += 1
                continue
            if _borrows(person, row) and any(row.get(name) for name in _WORDS):
                row |= {name: "" for name in _WORDS if name in names}
                changed += 1
            writer.writerow(row)
    return changed


def _is_about(person: Person, row: dict[str, str]) -> bool:
    told, key = row.get("object") or row.get("entity"), (row.get("external_id") or "").lower()
    if told in {person.spec.name, person.spec.salesforce_object}:
        return key == person.key or (row.get("salesforce_id") or "") in person.ids
    for spec, _, _ in person.dependants:
        if told in {spec.name, spec.salesforce_object}:
            return key in person.hanging.get(spec.name, ()) or person.key in key.split(":")[1:]
    return False


def _borrows(person: Person, row: dict[str, str]) -> bool:
    names = {name for spec in person.borrowers for name in (spec.name, spec.salesforce_object)}
    told = row.get("object") or row.get("entity")
    return told in names and (row.get("external_id") or "").lower() in person.borrowing


def _without_samples(person: Person, folder: Path) -> Iterator[Erased]:
    """The samples of a plan stand on its page too, which is not written anew: it goes."""
    plan = json.loads((folder / PLAN_FILE).read_text("utf-8"))
    samples = plan.get("samples", [])
    kept = [sample for sample in samples if not _sampled(person, sample)]
    if len(kept) < len(samples):
        unfinished = folder / f"{PLAN_FILE}.unfinished"
        unfinished.write_text(json.dumps(plan | {"samples": kept}, indent=2) + "\n", "utf-8")
        unfinished.replace(folder / PLAN_FILE)
        (folder / PLAN_PAGE).unlink(missing_ok=True)
        yield Erased(str(folder / PLAN_FILE), "samples removed", len(samples) - len(kept))
        yield Erased(str(folder / PLAN_PAGE), "file removed", 0)


def _sampled(person: Person, sample: dict[str, str | None]) -> bool:
    row = {
        "object": sample.get("sobject") or "",
        "external_id": sample.get("key") or "",
        "salesforce_id": sample.get("salesforce_id") or "",
    }
    return _is_about(person, row) or _borrows(person, row)
