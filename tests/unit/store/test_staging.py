"""Staging, in a folder and in S3: parts appear whole or not at all, and lie where DuckDB finds them."""

from pathlib import Path
from typing import cast

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector import locations
from connector.errors import SettingsInvalid
from connector.locations import S3Access, located
from connector.model.batch import Batch
from connector.store.staging import FolderStaging, S3Staging
from connector.sync.ports import Staging
from connector.sync.staged_sql import StagedSql


def table(*values: int) -> pa.Table:
    return pa.table({"a": pa.array(values, pa.int64()), "b": pa.array([str(v) for v in values], pa.string())})


@pytest.fixture
def folder_staging(tmp_path: Path) -> FolderStaging:
    return FolderStaging(tmp_path / "root")


@pytest.fixture
def s3_staging(tmp_path: Path, s3: S3Access, bucket: str) -> S3Staging:
    return S3Staging(located(f"{bucket}/a prefix", s3), tmp_path / "working")


@pytest.fixture(params=["folder_staging", "s3_staging"])
def staging(request: pytest.FixtureRequest) -> Staging:
    return cast("Staging", request.getfixturevalue(request.param))


def test_what_is_written_is_read(staging: Staging) -> None:
    batch = staging.write("contact", 4, "run-1/plan/contact", table(1, 2))
    assert batch == Batch("contact", 4, "run-1/plan/contact/part-000004.parquet", 2)
    assert staging.read(batch.path).equals(table(1, 2))
    assert staging.read(batch.path, ["b"]).column_names == ["b"]


def test_parts_come_in_the_order_of_their_numbers_with_their_rows(staging: Staging) -> None:
    for number in (12, 3, 100_000):
        staging.write("contact", number, "plan/contact", table(*range(number % 7)))
    parts = staging.parts("plan/contact")
    assert [(part.name, part.number, part.rows) for part in parts] == [
        ("contact", 3, 3),
        ("contact", 12, 5),
        ("contact", 100_000, 5),
    ]
    assert staging.parts("plan") == staging.parts("nothing") == []


def test_a_part_of_the_same_number_is_replaced(staging: Staging) -> None:
    staging.write("contact", 0, "plan/contact", table(1, 2))
    batch = staging.write("contact", 0, "plan/contact", table(3))
    assert staging.parts("plan/contact") == [batch]
    assert staging.read(batch.path)["a"].to_pylist() == [3]


def test_a_part_that_could_not_be_finished_is_none(
    folder_staging: FolderStaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = folder_staging
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


def test_clearing_removes_the_parts_and_leaves_the_neighbours(staging: Staging) -> None:
    staging.write("contact", 0, "plan/contact", table(1))
    staging.write("account", 0, "plan/account", table(1))
    staging.clear("plan/contact")
    staging.clear("plan/contact")
    assert staging.parts("plan/contact") == []
    assert (staging.holds("plan/contact"), staging.holds("plan")) == (False, True)
    assert len(staging.parts("plan/account")) == 1


def test_the_folders_below_one_are_told_by_name(staging: Staging) -> None:
    for folder in ("run/plan/contact", "run/plan/account", "run/result/account"):
        staging.write("any", 0, folder, pa.table({"row": [1]}))
    assert staging.below("run") == ["plan", "result"]
    assert staging.below("run/plan") == ["account", "contact"]
    assert staging.below("run/plan/account") == staging.below("nothing") == []


def test_a_folder_is_whole_paths_that_duckdb_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    staging = FolderStaging(Path("it's here"))
    staging.write("contact", 0, "plan/o'neil", table(1, 2))
    (location,) = staging.scannable("plan/o'neil")
    assert Path(location).is_absolute()
    escaped = location.replace("'", "''")
    assert duckdb.connect().execute(f"SELECT sum(a) FROM read_parquet(['{escaped}'])").fetchone() == (3,)


def test_folders_with_personal_data_are_the_owners_alone(
    folder_staging: FolderStaging, tmp_path: Path
) -> None:
    folder_staging.write("contact", 0, "plan", table(1))
    assert folder_staging.local("working").is_dir()
    for folder in ("plan", "working"):
        assert (tmp_path / "root" / folder).stat().st_mode & 0o077 == 0


def test_sql_reads_the_parts_wherever_they_lie(staging: Staging, tmp_path: Path) -> None:
    for number in range(3):
        staging.write("contact", number, "plan/o'neil", table(number, 10 * number))
    with StagedSql(staging, tmp_path, "200MB") as sql:
        sql.table("plan", "plan/o'neil")
        assert sql.column_names("FROM plan") == ["a", "b"]
        assert sql.rows("SELECT count(*), sum(a), max(b) FROM plan WHERE a > 0") == [(4, 33, "20")]


def test_what_is_never_shared_stays_on_this_machine(s3_staging: S3Staging, tmp_path: Path) -> None:
    local = s3_staging.local("run-1/working")
    assert local == tmp_path / "working" / "run-1" / "working"
    assert local.stat().st_mode & 0o077 == 0
    s3_staging.clear("run-1")
    assert not (tmp_path / "working" / "run-1").exists()


def test_a_part_that_could_not_be_sent_whole_is_none(
    s3_staging: S3Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_staging.write("contact", 0, "plan/contact", table(1))

    def out_of_memory(content: pa.Table, where: pa.BufferOutputStream, **options: object) -> None:
        where.write(b"half of it")
        raise MemoryError

    monkeypatch.setattr(pq, "write_table", out_of_memory)
    for number in (0, 1):
        with pytest.raises(MemoryError):
            s3_staging.write("contact", number, "plan/contact", table(2))
    (part,) = s3_staging.parts("plan/contact")
    assert s3_staging.read(part.path)["a"].to_pylist() == [1]


def test_a_bucket_that_is_not_there_is_named(s3: S3Access) -> None:
    with pytest.raises(SettingsInvalid, match=r"s3://no-such-bucket/x can't be reached: there is no bucket"):
        located("s3://no-such-bucket/x", s3)


def test_an_s3_that_does_not_answer_is_told(s3: S3Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locations, "_ATTEMPTS", 1)
    nobody = s3.model_copy(update={"endpoint_url": "http://127.0.0.1:1"})
    with pytest.raises(SettingsInvalid, match=r"s3://a-bucket can't be reached: .*") as refused:
        located("s3://a-bucket", nobody)
    assert "CONNECTOR_S3__" in refused.value.todo
