"""The file in which a person decides on proposals: both records beside each other, a column to fill in.

A spreadsheet programme may open it, drop the zeros in front of a key, and save it with semicolons.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from connector.errors import FileInvalid
from connector.mapping.converters import TEXT, text_columns
from connector.model.link import Decision, LinkState, Proposal
from connector.sync import folders
from connector.sync.ports import Staging
from connector.sync.proposals import COLUMNS as WORDS

REVIEW_FILE = "review.csv"
_PAIR = ["entity", "external_id", "salesforce_id"]
_COLUMNS = ["decision", "note", "entity", *WORDS]
_SAID = {"accept": LinkState.ACCEPTED, "reject": LinkState.REJECTED}
_FORMAT = arrow_csv.WriteOptions(quoting_style="needed")


@dataclass(frozen=True)
class Line:
    """A line of a filled-in file by its row in a spreadsheet: a decision, why there is none, or neither."""

    row: int
    decision: Decision | None = None
    refusal: str | None = None


def write_review(proposals: Sequence[Proposal], staging: Staging, target: Path) -> int:
    """Write proposals for a person to decide on, if there are any; returns how many.

    Both records stand in words, as the run that found them staged them; after a purge, only their ids.
    """
    if not proposals:
        return 0
    pairs = pd.DataFrame(
        [(p.entity, p.external_id, p.salesforce_id, p.rule) for p in proposals], columns=[*_PAIR, "rule"]
    ).astype(TEXT)
    words = _words({(p.found_in_run, p.entity) for p in proposals}, staging)
    told = pairs.merge(words.drop(columns="rule"), on=_PAIR, how="left")
    told["decision"] = pd.Series("", index=told.index, dtype=TEXT)
    told["note"] = pd.Series("", index=told.index, dtype=TEXT)
    text = io.BytesIO()
    arrow_csv.write_csv(pa.Table.from_pandas(told[_COLUMNS], preserve_index=False), text, _FORMAT)
    target.write_bytes("\N{ZERO WIDTH NO-BREAK SPACE}".encode() + text.getvalue())
    return len(told)


def _words(found_in: set[tuple[str, str]], staging: Staging) -> pd.DataFrame:
    frames = [pd.DataFrame({name: pd.Series(dtype=TEXT) for name in ("entity", *WORDS)})]
    for run_id, entity in sorted(found_in):
        proposed, linked = (folders.proposed_in(run_id, entity), folders.linked_words_in(run_id, entity))
        for part in (*staging.parts(proposed), *staging.parts(linked)):
            frame = staging.read(part.path).to_pandas(types_mapper=text_columns).astype(TEXT)
            frames.append(frame.assign(entity=pd.Series(entity, index=frame.index, dtype=TEXT)))
    return pd.concat(frames, ignore_index=True).drop_duplicates(_PAIR)


def read_review(file: Path, proposals: Sequence[Proposal]) -> Iterator[Line]:
    """Every line of a filled-in file; `proposals` are all there are, decided ones included.

    Raises FileInvalid where the file as a whole can't be read.
    """
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise FileInvalid(f"{file} is not in UTF-8.", todo="Save it as CSV UTF-8.") from None
    except OSError as unreadable:
        raise FileInvalid(f"{file} can't be read: {unreadable.strerror}.") from None
    header = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if header.count(";") > header.count(",") else ",")
    missing = {"decision", *_PAIR} - set(rows.fieldnames or ())
    if missing:
        raise FileInvalid(
            f"{file} lacks the columns {', '.join(sorted(missing))}.",
            todo="Fill in a file of `connector review export`.",
        )
    known: dict[tuple[str, str], list[str]] = {}
    for proposal in proposals:
        known.setdefault((proposal.entity, proposal.salesforce_id), []).append(proposal.external_id)
    for number, row in enumerate(rows, start=2):
        yield _line(number, {name: (row.get(name) or "").strip() for name in _COLUMNS}, known)


def _line(number: int, row: dict[str, str], known: dict[tuple[str, str], list[str]]) -> Line:
    said = row["decision"].lower()
    if not said:
        return Line(number)
    if said not in _SAID:
        return Line(number, refusal=f"{row['decision']!r} is no decision: write accept or reject.")
    keys = known.get((row["entity"], row["salesforce_id"]), [])
    alike = [key for key in keys if key == row["external_id"]] or [
        key for key in keys if key.lstrip("0") == row["external_id"].lstrip("0")
    ]
    if len(alike) != 1:
        return Line(number, refusal="There is no such proposal: entity, external_id or salesforce_id differ.")
    decision = Decision(row["entity"], alike[0], row["salesforce_id"], _SAID[said], row["note"])
    return Line(number, decision)
