"""Result CSVs of Bulk API 2.0 as tables of text.

Values may hold newlines, columns may come in another order than they were sent, and the bytes are UTF-8
whatever the answer's charset says: so they are parsed from bytes, by name, with every column as text.
"""

import csv
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from connector.errors import LastingError

BLOCK_BYTES = 8 << 20
"""Must hold the longest row: Salesforce allows 400,000 characters a record."""


def read_table(file: Path) -> pa.Table:
    """A CSV file as a table; an empty cell is null. Raises LastingError where it is not CSV."""
    names = _header(file)
    if not names:
        return pa.table({})
    try:
        return arrow_csv.read_csv(
            file,
            read_options=arrow_csv.ReadOptions(block_size=BLOCK_BYTES),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as broken:
        raise LastingError("Salesforce answered with results that can't be read as CSV.") from broken


def _header(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        return next(csv.reader(text), [])
