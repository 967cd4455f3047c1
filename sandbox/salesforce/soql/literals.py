"""Values in conditions: texts, numbers, moments and date literals, as SQL.

Source: SOQL and SOSL reference, "Date Formats and Date Literals" and "Quoted String Escape Sequences".
"""

import re
from datetime import UTC, date, datetime, timedelta

from lark import Token

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ZONE = re.compile(r"([+-]\d{2})(\d{2})$")
_ONE_MONTH, _ONE_QUARTER, _ONE_YEAR = 1, 3, 12
_MONTHS = {"month": _ONE_MONTH, "quarter": _ONE_QUARTER, "year": _ONE_YEAR}


def text_of(token: Token) -> str:
    """The text between the quotes."""
    return _ESCAPED.sub(_unescaped, str(token)[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code.startswith("u") and len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPES.get(code, code)


def pattern_of(token: Token) -> str:
    """A LIKE pattern with SQL's escape sign kept where the query escaped a wildcard."""
    inner = str(token)[1:-1]
    kept = re.sub(r"\\([%_\\])", lambda match: f"\\\\{match[1]}", inner)
    return _ESCAPED.sub(_unescaped, kept)


def moment_of(token: Token) -> datetime:
    """A dateTime value, in UTC."""
    text = _ZONE.sub(r"\1:\2", str(token).upper().replace("Z", "+00:00"))
    return datetime.fromisoformat(text).astimezone(UTC)


def period_of(token: Token, today: date) -> tuple[date, date]:
    """The first day of a date literal, and the day after its last."""
    word, _, number = str(token).lower().partition(":")
    if word in {"today", "yesterday", "tomorrow"}:
        first = today + timedelta(days={"today": 0, "yesterday": -1, "tomorrow": 1}[word])
        return first, first + timedelta(days=1)
    if word.endswith("_90_days"):
        return _ninety_days(word, today)
    if word.endswith("_ago"):
        return _ago(word.removeprefix("n_").removesuffix("_ago").removesuffix("s"), int(number), today)
    which, _, unit = word.partition("_")
    if unit.startswith("n_"):
        return _several(which, unit.removeprefix("n_").removesuffix("s"), int(number), today)
    shift = {"last": -1, "this": 0, "next": 1}[which]
    return _start(unit, today, shift), _start(unit, today, shift + 1)


def _ninety_days(word: str, today: date) -> tuple[date, date]:
    if word.startswith("last"):
        return today - timedelta(days=90), today + timedelta(days=1)
    return today + timedelta(days=1), today + timedelta(days=91)


def _ago(unit: str, number: int, today: date) -> tuple[date, date]:
    return _start(unit, today, -number), _start(unit, today, 1 - number)


def _several(which: str, unit: str, number: int, today: date) -> tuple[date, date]:
    if which == "last":
        end = today + timedelta(days=1) if unit == "day" else _start(unit, today, 0)
        return _start(unit, today, -number), end
    return _start(unit, today, 1), _start(unit, today, number + 1)


def _start(unit: str, day: date, shift: int) -> date:
    if unit == "day":
        return day + timedelta(days=shift)
    if unit == "week":
        sunday = day - timedelta(days=(day.weekday() + 1) % 7)
        return sunday + timedelta(weeks=shift)
    size = _MONTHS[unit]
    month = (day.year * 12 + day.month - 1) // size * size + shift * size
    return date(month // 12, month % 12 + 1, 1)
