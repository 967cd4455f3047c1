"""The exported folder holds the same records as the API, with types and oddities intact."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest

from sandbox.export import export
from sandbox.seed import Dataset
from sandbox.seed.plan import BLOCK


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for path, value in flat.items():
        *parents, name = path.split(".")
        at = record
        for parent in parents:
            at = at.setdefault(parent, {})
        at[name] = value
    return record


def test_parquet_holds_the_records_themselves(tmp_path: Path) -> None:
    dataset = Dataset(BLOCK + 150, 3)
    assert export(dataset, tmp_path, "parquet") == {table.name: table.size for table in dataset.tables}
    for table in dataset.tables:
        read = pa_parquet.read_table(tmp_path / f"{table.name}.parquet").to_pylist()
        expected = [{name: value for name, value in record.items() if name != "links"} for record in table]
        assert [_nested(row) for row in read] == expected


def test_csv_keeps_commas_quotes_newlines_and_nulls(tmp_path: Path) -> None:
    dataset = Dataset(600, 3)
    export(dataset, tmp_path, "csv")
    read = pa_csv.read_csv(
        tmp_path / "customers.csv",
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False),
    )
    lines = [customer["primaryContact"]["address"]["address1"] for customer in dataset.customers]
    assert any("\n" in line for line in lines)
    assert read["primaryContact.address.address1"].to_pylist() == lines
    surnames = [customer["surname"] for customer in dataset.customers]
    assert read["surname"].to_pylist() == surnames


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_command_writes_a_file_for_every_resource(tmp_path: Path, kind: str) -> None:
    command = [sys.executable, "-m", "sandbox.export", "--customers", "30", "--folder", str(tmp_path)]
    printed = subprocess.run([*command, "--format", kind], check=True, capture_output=True, text=True).stdout
    names = {table.name for table in Dataset(30).tables}
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.{kind}" for name in names}
    assert f"customers.{kind}: 30 rows" in printed
