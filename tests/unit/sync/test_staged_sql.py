"""Whole sets out of core, and how results are cut into batches."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.store.staging import FolderStaging
from connector.sync import staged_sql
from connector.sync.staged_sql import NUMBER, StagedSql, Workspace, quoted


def cut(numbers: list[int], tmp_path: Path) -> list[tuple[int, list[int | None]]]:
    """Rows of these batch numbers, in order -> (batch, its rows) as `batches` gives them."""
    staging = FolderStaging(tmp_path)
    rows = pa.table(
        {"batch": pa.array(numbers, pa.int64()), "row": pa.array(range(len(numbers)), pa.int64())}
    )
    staging.write("set", 0, "set", rows)
    with StagedSql(staging, tmp_path, "200MB") as sql:
        sql.table("set_", "set")
        return [(n, t["row"].to_pylist()) for n, t in sql.batches("FROM set_ ORDER BY row")]


def test_a_batch_ends_where_its_number_changes(tmp_path: Path) -> None:
    assert cut([0, 0, 2, 2, 2, 7], tmp_path) == [(0, [0, 1]), (2, [2, 3, 4]), (7, [5])]


def test_a_set_without_rows_is_one_batch_that_has_columns(tmp_path: Path) -> None:
    assert cut([], tmp_path) == [(0, [])]


def test_a_batch_may_be_larger_than_a_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged_sql, "_READ_ROWS", 2048)
    found = cut([0] * 5000 + [1] * 5000, tmp_path)
    assert [(number, len(rows)) for number, rows in found] == [(0, 5000), (1, 5000)]
    assert [row for _, rows in found for row in rows] == list(range(10_000))


@settings(max_examples=15, deadline=None, database=None)
@given(st.lists(st.integers(0, 5), max_size=40).map(sorted))
def test_no_row_is_lost_and_no_number_comes_twice(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int]
) -> None:
    found = cut(numbers, tmp_path_factory.mktemp("set"))
    assert [row for _, rows in found for row in rows] == list(range(len(numbers)))
    assert [number for number, _ in found] == (sorted(set(numbers)) or [0])


def test_quotes_in_values_names_and_folders_are_no_sql(tmp_path: Path) -> None:
    folder = tmp_path / "it's"
    staging = FolderStaging(folder)
    staging.write("set", 0, "a 'set'", pa.table({'odd"name': ["x"]}))
    with Workspace(staging, tmp_path, "200MB", 200).sql() as sql:
        sql.table("odd", "a 'set'")
        sql.variable("who", "O'Brien")
        assert sql.rows(f"SELECT {quoted(chr(34).join(('odd', 'name')))}, getvariable('who') FROM odd") == [
            ("x", "O'Brien")
        ]
        assert sql.column_names("SELECT 1 AS a, 2 AS b") == ["a", "b"]


def test_a_result_that_is_kept_is_numbered_in_its_order_and_goes_with_the_database(tmp_path: Path) -> None:
    staging = FolderStaging(tmp_path)
    for part in range(3):
        numbers = pa.array(range(part * 40_000, (part + 1) * 40_000), pa.int64())
        staging.write("set", part, "set", pa.table({"number": numbers}))
    spill = tmp_path / "spill"
    spill.mkdir()
    with StagedSql(staging, spill, "200MB") as sql:
        sql.table("numbers", "set")
        sql.keep("down", "SELECT number FROM numbers ORDER BY number DESC")
        wrong = sql.rows(f"SELECT count(*) FROM down WHERE {NUMBER} + number <> 119999")
        assert wrong == [(0,)]
    assert list(spill.iterdir()) == []


@pytest.mark.parametrize(("limit", "most"), [("300MB", 1), ("1GB", 2), ("64GB", 128)])
def test_there_are_no_more_threads_than_the_memory_feeds(tmp_path: Path, limit: str, most: int) -> None:
    with StagedSql(FolderStaging(tmp_path), tmp_path, limit) as sql:
        ((threads,),) = sql.rows("SELECT current_setting('threads')::INTEGER")
    assert 1 <= int(str(threads)) <= most


def test_tables_that_were_kept_stand_side_by_side_in_their_order(tmp_path: Path) -> None:
    """Over several row groups: the order of a Parquet scan is what preparing relies on."""
    with StagedSql(FolderStaging(tmp_path), tmp_path, "1GB") as sql:
        sql.keep("up", "SELECT range AS n FROM range(400000) ORDER BY n")
        sql.keep("twice", "SELECT 2 * range AS m, 0 AS batch FROM range(400000) ORDER BY m")
        ((_, found),) = sql.batches("SELECT up.n, twice.m, twice.batch FROM up POSITIONAL JOIN twice")
    assert found["n"].to_pylist() == list(range(400_000))
    assert pc.all(pc.equal(found["m"], pc.multiply(found["n"], 2))).as_py()


@settings(max_examples=60, deadline=None, database=None)
@given(
    st.lists(
        st.tuples(st.none() | st.text(max_size=3), st.none() | st.booleans(), st.none() | st.integers(0, 9)),
        min_size=1,
        max_size=30,
    )
)
def test_what_a_part_lacks_is_missing_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, bool | None, int | None]]
) -> None:
    folder = tmp_path_factory.mktemp("set")
    staging = FolderStaging(folder)
    texts, flags, numbers = zip(*rows, strict=True)
    part = pa.table(
        {
            "text": pa.array(texts, pa.string()),
            "flag": pa.array(flags, pa.bool_()),
            "number": pa.array(numbers, pa.int64()),
            "row": pa.array(range(len(rows)), pa.int64()),
        }
    )
    staging.write("set", 0, "set", part)
    with StagedSql(staging, folder, "200MB") as sql:
        sql.table("set_", "set")
        for place, name in enumerate(("text", "flag", "number")):
            missing = [row for (row,) in sql.rows(f"SELECT row FROM set_ WHERE {name} IS NULL ORDER BY row")]
            assert missing == [row for row, values in enumerate(rows) if values[place] is None]
