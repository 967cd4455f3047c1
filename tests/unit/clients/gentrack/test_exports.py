"""Exports as a source: the records that the API would give, or a refusal that names file, column and row."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.clients.gentrack import export_files
from connector.clients.gentrack.exports import GentrackExports
from connector.errors import ExportsUnusable
from connector.locations import S3Access, located
from connector.mapping.vocabulary import Resource
from connector.sync.ports import GentrackSource

ADDRESS = pa.struct([("address1", pa.string()), ("postcode", pa.string())])
ROW = pa.struct([("id", pa.int64()), ("number", pa.string()), ("current", pa.bool_()), ("address", ADDRESS)])
ACCOUNTS, CUSTOMERS = Resource("accounts", ROW), Resource("customers", pa.struct([("id", pa.int64())]))
HEADER = "id,number,current,address.address1,address.postcode,unasked\n"

Read = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def source(tmp_path: Path) -> GentrackExports:
    return GentrackExports(located(str(tmp_path), S3Access()), [ACCOUNTS, CUSTOMERS])


@pytest.fixture
def read(source: GentrackExports) -> Read:
    """The records of accounts, piece by piece checked for their shape."""

    def records() -> list[dict[str, Any]]:
        pieces = list(source.pages("accounts", ROW))
        assert {piece.schema for piece in pieces} <= {pa.schema(list(ROW))}
        return [record for piece in pieces for record in piece.to_pylist()]

    return records


def parquet(path: Path, **columns: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    named = {name.replace("__", "."): column for name, column in columns.items()}
    pq.write_table(pa.table(named), path)


def whole(changed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Columns of one account."""
    usual = {
        "id": [7],
        "number": ["0007"],
        "current": [True],
        "address__address1": ["1 Ōtaki St"],
        "address__postcode": ["6011"],
    }
    return usual | dict(changed or {})


def account(number: int, address1: str | None = "1 Ōtaki St") -> dict[str, Any]:
    address = {"address1": address1, "postcode": "6011"}
    return {"id": number, "number": f"{number:04}", "current": True, "address": address}


def refusal(read: Read) -> str:
    with pytest.raises(ExportsUnusable) as refused:
        read()
    assert refused.value.todo
    return refused.value.message


def test_fills_the_port(source: GentrackExports) -> None:
    port: GentrackSource = source
    assert port is source


def test_csv_keeps_newlines_quotes_zeros_and_words_that_look_like_nothing(tmp_path: Path, read: Read) -> None:
    rows = '7,0007,true,"1 ""Ōtaki"" St,\n\nback",NA,\n8,,,NULL,"",x\n'
    (tmp_path / "accounts.csv").write_text(HEADER + rows, "utf-8")
    address = {"address1": '1 "Ōtaki" St,\n\nback', "postcode": "NA"}
    assert read() == [
        {"id": 7, "number": "0007", "current": True, "address": address},
        {"id": 8, "number": None, "current": None, "address": {"address1": "NULL", "postcode": None}},
    ]


def test_csv_as_spreadsheets_write_it_with_a_byte_order_mark_and_cr(tmp_path: Path, read: Read) -> None:
    text = HEADER + "7,0007,true,1 Ōtaki St,6011,x\n"
    (tmp_path / "accounts.csv").write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert read() == [account(7)]


def test_parquet_with_columns_in_any_order_or_nested(tmp_path: Path, read: Read) -> None:
    parquet(tmp_path / "accounts.parquet", unasked=[b"\xff"], **whole())
    assert read() == [account(7)]
    nested = pa.array([{"address1": "1 Ōtaki St", "postcode": "6011"}], ADDRESS)
    parquet(tmp_path / "accounts.parquet", address=nested, current=[True], number=["0007"], id=[7])
    assert read() == [account(7)]


def test_several_parts_in_the_order_of_their_names_and_an_empty_one(tmp_path: Path, read: Read) -> None:
    for part, number in (("b", 8), ("a", 7)):
        changed = {"id": [number], "number": [f"{number:04}"]}
        parquet(tmp_path / "accounts" / f"part-{part}.parquet", **whole(changed))
    empty = pa.table({"id": [], "number": [], "current": [], "address.address1": [], "address.postcode": []})
    pq.write_table(empty, tmp_path / "accounts" / "part-c.parquet")
    (tmp_path / "accounts" / "_SUCCESS").touch()
    assert read() == [account(7), account(8)]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_large_file_comes_in_pieces(
    tmp_path: Path, source: GentrackExports, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(export_files, "_BLOCK", 4096)
    monkeypatch.setattr(export_files, "_ROWS", 100)
    if kind == "csv":
        rows = "".join(f'{n},{n:04},true,"1\nŌtaki St",6011,\n' for n in range(1000))
        (tmp_path / "accounts.csv").write_text(HEADER + rows, "utf-8")
    else:
        many = whole(
            {"id": range(1000), "number": [f"{n:04}" for n in range(1000)], "current": [True] * 1000}
        )
        many |= {"address__address1": ["1\nŌtaki St"] * 1000, "address__postcode": ["6011"] * 1000}
        parquet(tmp_path / "accounts.parquet", **many)
    pieces = list(source.pages("accounts", ROW))
    assert max(piece.num_rows for piece in pieces) < 300
    records = [record for piece in pieces for record in piece.to_pylist()]
    assert records == [account(n, "1\nŌtaki St") for n in range(1000)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"id": pa.array([7], pa.int32())}, {}),
        ({"id": ["7"]}, {}),
        ({"id": [Decimal(7)]}, {}),
        ({"number": pa.array(["0007"]).dictionary_encode()}, {}),
        ({"number": pa.array(["0007"], pa.large_string())}, {}),
        ({"number": [7]}, {"number": "7"}),
        ({"number": [date(2026, 3, 1)]}, {"number": "2026-03-01"}),
        ({"number": pa.array([None], pa.null())}, {"number": None}),
        ({"current": ["true"]}, {}),
    ],
)
def test_types_that_say_the_same_are_taken(
    tmp_path: Path, read: Read, columns: dict[str, Any], expected: dict[str, Any]
) -> None:
    parquet(tmp_path / "accounts.parquet", **whole(columns))
    assert read() == [account(7) | expected]


def test_times_are_told_in_utc(tmp_path: Path, read: Read) -> None:
    moment = datetime(2026, 3, 1, 9, 15, tzinfo=UTC)
    for kind in (pa.timestamp("s"), pa.timestamp("s", "UTC"), pa.timestamp("s", "Pacific/Auckland")):
        parquet(tmp_path / "accounts.parquet", **whole({"number": pa.array([moment], kind)}))
        assert read()[0]["number"] == "2026-03-01T09:15:00.000Z"


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("number", [7.5], "number (double instead of string)"),
        ("number", [True], "number (bool instead of string)"),
        ("number", [["7"]], "number (list<element: string> instead of string)"),
        ("current", [1], "current (int64 instead of bool)"),
        ("id", [date(2026, 3, 1)], "id (date32[day] instead of int64)"),
    ],
)
def test_types_that_say_something_else_are_refused(
    tmp_path: Path, read: Read, column: str, values: list[Any], told: str
) -> None:
    parquet(tmp_path / "accounts.parquet", **whole({column: values}))
    assert refusal(read) == f"accounts.parquet has with values of another type the columns {told}."


def test_a_value_that_does_not_fit_is_told_by_its_row_and_never_itself(tmp_path: Path, read: Read) -> None:
    rows = "".join(f"{n if n != 612 else 'Hemi Parata'},x,true,a,b,\n" for n in range(1000))
    (tmp_path / "accounts.csv").write_text(HEADER + rows, "utf-8")
    assert refusal(read) == "accounts.csv: in row 613 the column id holds what is no int64."


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "accounts.csv can't be read: Empty CSV file."),
        (HEADER.encode() + b"7,8,true,\xff,b,\n", "invalid UTF8 data."),
        (HEADER.encode() + b"7,8,true,Hemi,Parata,1,2\n", "Row #2: Expected 6 columns, got 7."),
        (HEADER.replace(",", ";").encode(), "accounts.csv lacks the columns id, number, current, address."),
        (
            b"id,id,number,current,address.address1,address.postcode\n",
            "accounts.csv has twice the columns id.",
        ),
    ],
)
def test_a_broken_file_is_named_without_its_content(
    tmp_path: Path, read: Read, content: bytes, told: str
) -> None:
    (tmp_path / "accounts.csv").write_bytes(content)
    message = refusal(read)
    assert told in message
    assert "Parata" not in message


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path, read: Read) -> None:
    (tmp_path / "accounts.parquet").write_bytes(b"PAR1 but no more")
    assert refusal(read).startswith("accounts.parquet can't be read: Parquet magic bytes not found")


def test_the_same_resource_twice_is_refused(tmp_path: Path, read: Read) -> None:
    parquet(tmp_path / "accounts.parquet", **whole())
    (tmp_path / "accounts.csv").write_text(HEADER, "utf-8")
    assert refusal(read) == "accounts: accounts.parquet and accounts.csv are both there; leave one of them."
    (tmp_path / "accounts.csv").unlink()
    parquet(tmp_path / "accounts" / "part-1.parquet", **whole())
    assert "accounts.parquet and accounts/part-1.parquet are both there" in refusal(read)


def test_check_tells_every_missing_file_and_column_at_once(tmp_path: Path, source: GentrackExports) -> None:
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "part-1.csv").write_text("id,number,current,address.address1\n", "utf-8")
    with pytest.raises(ExportsUnusable) as refused:
        source.check()
    for told in (
        f"The exports in {tmp_path} can't be used: ",
        "accounts/part-1.csv lacks the columns address.postcode.",
        "customers: there is no customers.parquet, no customers.csv and no folder of such files.",
    ):
        assert told in refused.value.message


def test_check_is_content_with_what_can_be_read(tmp_path: Path, source: GentrackExports) -> None:
    parquet(tmp_path / "accounts.parquet", **whole())
    (tmp_path / "customers.csv").write_text("id\n1\n", "utf-8")
    source.check()


def test_a_folder_that_is_not_there_lacks_everything(tmp_path: Path) -> None:
    source = GentrackExports(located(str(tmp_path / "nowhere"), S3Access()), [CUSTOMERS])
    with pytest.raises(ExportsUnusable, match=r"nowhere can't be used: customers: there is no customers"):
        source.check()
