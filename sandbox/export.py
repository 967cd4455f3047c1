"""``python -m sandbox.export``: the tenant's data as a folder of CSV or Parquet, one file a resource.

The second kind of source beside the API: what a retailer's own export job would leave behind. A column is
named by the path of its value in the JSON record, such as ``billingAddress.postcode``; links are left out.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from sandbox.seed import Dataset, Record, Table

_INTEGERS = frozenset({"id", "line", "quantity", "termMonths"})
_NUMBERS = frozenset({"balance", "unitPrice"})
_FLAGS = frozenset({"cancelled"})


def export(dataset: Dataset, folder: Path, kind: str) -> dict[str, int]:
    """Write every table of a data set to ``folder/<resource>.<kind>``; `kind` is ``csv`` or ``parquet``.

    Returns the rows of each. Memory doesn't grow with the number of rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for table in dataset.tables:
        schema = _schema(table)
        path = folder / f"{table.name}.{kind}"
        writer: Any = (
            pa_parquet.ParquetWriter(path, schema) if kind == "parquet" else pa_csv.CSVWriter(path, schema)
        )
        with closing(writer):
            for number in range(table.blocks):
                rows = [dict(_flat(record)) for record in table.render(number)]
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    return {table.name: table.size for table in dataset.tables}


def _flat(record: Record, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if name == "links":
            continue
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _schema(table: Table) -> pa.Schema:
    """The columns of a table, from its first record; a table without records has none."""
    first = next(iter(table), {})
    return pa.schema([(path, _type(path.rpartition(".")[2])) for path, _ in _flat(first)])


def _type(name: str) -> pa.DataType:
    if name in _INTEGERS or name.endswith("Id"):
        return pa.int64()
    if name in _NUMBERS:
        return pa.float64()
    return pa.bool_() if name in _FLAGS else pa.string()


def main() -> None:
    """Export the data set that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.export", description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--format", choices=("csv", "parquet"), default="parquet")
    arguments = parser.parse_args()
    written = export(Dataset(arguments.customers, arguments.seed), arguments.folder, arguments.format)
    for name, rows in written.items():
        sys.stdout.write(f"{arguments.folder / name}.{arguments.format}: {rows:,} rows\n")


if __name__ == "__main__":
    main()
