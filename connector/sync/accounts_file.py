"""The file of account numbers that a pilot is made from: one a line, or a CSV with a column of them."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from connector.errors import FileInvalid

_NAMES = {"account", "accountnumber", "gentrackaccountnumber", "gentrackexternalidc", "number"}
"""What the column may be called, letter case, spaces and underscores aside."""
_LONGEST = 255
_SHOWN = 5
_WHAT_TO_DO = "Write one account number a line, or a CSV with a header that has a column account_number."


def read_accounts(file: Path) -> tuple[str, ...]:
    """The account numbers of a file, each once, in their order. Raises FileInvalid, naming wrong lines."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise FileInvalid(f"{file} is not in UTF-8.", todo="Save it as CSV UTF-8.") from None
    except OSError as unreadable:
        raise FileInvalid(f"{file} can't be read: {unreadable.strerror}.") from None
    found: dict[str, None] = {}
    wrong: list[str] = []
    for line, number in _numbers(file, text):
        if reason := _why_unusable(number):
            wrong.append(f"line {line} {reason}")
        else:
            found[number] = None
    if wrong:
        more = f", and {len(wrong) - _SHOWN:,} more" if len(wrong) > _SHOWN else ""
        raise FileInvalid(f"{file} can't be used: {', '.join(wrong[:_SHOWN])}{more}.", todo=_WHAT_TO_DO)
    if not found:
        raise FileInvalid(f"{file} names no account.", todo=_WHAT_TO_DO)
    return tuple(found)


def _numbers(file: Path, text: str) -> Iterator[tuple[int, str]]:
    """Line and number; lines without anything are passed over."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    column = None
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if rows.line_num == 1 and (header := _column(row)) is not None:
            column = header
        elif rows.line_num == 1 and len(row) > 1:
            raise FileInvalid(f"{file} has no column of account numbers in its header.", todo=_WHAT_TO_DO)
        elif column is None:
            yield rows.line_num, delimiter.join(row).strip()
        else:
            yield rows.line_num, row[column].strip() if column < len(row) else ""


def _column(row: list[str]) -> int | None:
    """Where a header has the account numbers; None where the row is no header."""
    folded = [re.sub(r"[\W_]+", "", cell).lower() for cell in row]
    return next((place for place, name in enumerate(folded) if name in _NAMES), None)


def _why_unusable(number: str) -> str:
    if not number:
        return "has no account number"
    if len(number) > _LONGEST:
        return f"is longer than {_LONGEST} characters"
    if re.search(r"[:,;\x00-\x1f]", number):
        return "holds more than an account number"
    return ""
