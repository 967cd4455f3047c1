"""Staging: parts appear whole or not at all, and lie where DuckDB finds them."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.model.batch import Batch
from connector.store.staging import FolderStaging


def table(*values: int) -> pa.Table:
    return pa.table({"a": pa.array(values, pa.int64()), "b": pa.array([str(v) for v in values], pa.string())})


@pytest.fixture
def staging(tmp_path: Path) -> FolderStaging:
    return FolderStaging(tmp_path / "root")


def test_what_is_written_is_read(staging: FolderStaging) -> None:
    batch = staging.write("contact", 4, "run-1/plan/contact", table(1, 2))
    assert batch == Batch("contact", 4, "run-1/plan/contact/part-000004.parquet", 2)
    assert staging.read(batch.path).equals(table(1, 2))
    assert staging.read(batch.path, ["b"]).column_names == ["b"]


def test_parts_come_in_the_order_of_their_numbers_with_their_rows(staging: FolderStaging) -> None:
    for number in (12, 3, 100_000):
        staging.write("contact", number, "plan/contact", table(*range(number % 7)))
    parts = staging.parts("plan/contact")
    assert [(part.name, part.number, part.rows) for part in parts] == [
        ("contact", 3, 3),
        ("contact", 12, 5),
        ("contact", 100_000, 5),
    ]
    assert staging.parts("plan") == staging.parts("nothing") == []


def test_a_part_of_the_same_number_is_replaced(staging: FolderStaging) -> None:
    staging.write("contact", 0, "plan/contact", table(1, 2))
    batch = staging.write("contact", 0, "plan/contact", table(3))
    assert staging.parts("plan/contact") == [batch]
    assert staging.read(batch.path)["a"].to_pylist() == [3]


def test_a_part_that_could_not_be_finished_is_none(
    staging: FolderStaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging.write("contact", 0, "plan/contact", table(1))

    def disk_full(content: pa.Table, where: Path, **options: object) -> None:
        where.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", disk_full)
    with pytest.raises(OSError, match="No space left"):
        staging.write("contact", 0, "plan/contact", table(2))
    with pytest.raises(OSError, match="No space left"):
        staging.write("contact", 1, "plan/contact", table(2))
    (part,) = staging.parts("plan/contact")
    assert staging.read(part.path)["a"].to_pylist() == [1]


def test_clearing_removes_the_parts_and_leaves_the_neighbours(staging: FolderStaging) -> None:
    staging.write("contact", 0, "plan/contact", table(1))
    staging.write("account", 0, "plan/account", table(1))
    staging.clear("plan/contact")
    staging.clear("plan/contact")
    assert staging.parts("plan/contact") == []
    assert len(staging.parts("plan/account")) == 1


def test_locations_are_whole_paths_that_duckdb_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    staging = FolderStaging(Path("it's here"))
    staging.write("contact", 0, "plan/o'neil", table(1, 2))
    (location,) = staging.locations("plan/o'neil")
    assert Path(location).is_absolute()
    escaped = location.replace("'", "''")
    assert duckdb.connect().execute(f"SELECT sum(a) FROM read_parquet(['{escaped}'])").fetchone() == (3,)


def test_folders_with_personal_data_are_the_owners_alone(staging: FolderStaging, tmp_path: Path) -> None:
    staging.write("contact", 0, "plan", table(1))
    assert staging.local("working").is_dir()
    for folder in ("plan", "working"):
        assert (tmp_path / "root" / folder).stat().st_mode & 0o077 == 0
