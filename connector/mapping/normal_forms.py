"""Normal forms: two spellings of one name, number or address are equal in them. Only matching uses these.

They are expressions of DuckDB over a column of text, because matching compares whole sets. All of them ignore
case and white space around a value; what holds nothing after that is missing, and missing never matches.
"""

from collections.abc import Callable
from enum import StrEnum

PLACEHOLDERS = "placeholders"
"""The DuckDB variable with the texts that stand for nothing, lower case, joined by `SEPARATOR`."""
SEPARATOR = "\x1f"
_LEGAL = (
    "limited|ltd|pty|proprietary|llp|lp|plc|public limited company|inc|incorporated|llc|corp|corporation|p l"
)
_SHORTEST_PHONE = 7


class NormalForm(StrEnum):
    """How values are made alike before they are compared."""

    NAME = "name"
    """Without accents and apostrophes, other punctuation as a blank, & as `and`, legal suffixes left out."""
    PERSON = "person"
    """A name of a person: as above, but nothing is a legal suffix."""
    EMAIL = "email"
    """Lower case; what has no @ is missing."""
    NUMBER = "number"
    """A registration number: letters and digits alone, without zeros in front, as spreadsheets drop them."""
    POSTCODE = "postcode"
    """Letters and digits alone."""
    PHONE = "phone"
    """The last eight digits, so that +64 4 555 0199 is 04 555 0199; fewer than seven are missing."""
    DATE = "date"
    """yyyy-MM-dd, whatever time of day follows."""


def normal_sql(form: NormalForm, column: str) -> str:
    """An expression of DuckDB -> the expression of its normal form, NULL where nothing is left."""
    placeholders = f"string_split(getvariable('{PLACEHOLDERS}'), chr({ord(SEPARATOR)}))"
    text = f"lower(trim({column}, E' \\t\\r\\n'))"
    known = f"CASE WHEN NOT list_contains({placeholders}, {text}) THEN {text} END"
    return f"nullif({_FORMS[form](known)}, '')"


def _words(text: str) -> str:
    plain = f"replace(strip_accents(nfc_normalize({text})), '&', ' and ')"
    closed = f"regexp_replace({plain}, '[''\u2019`]', '', 'g')"
    return rf"trim(regexp_replace({closed}, '[^\p{{L}}\p{{N}}]+', ' ', 'g'))"


def _name(text: str) -> str:
    return f"regexp_replace({_words(text)}, '( ({_LEGAL}))+$', '')"


def _letters_and_digits(text: str) -> str:
    return rf"regexp_replace({text}, '[^\p{{L}}\p{{N}}]+', '', 'g')"


def _number(text: str) -> str:
    return f"ltrim({_letters_and_digits(text)}, '0')"


def _phone(text: str) -> str:
    digits = f"regexp_replace({text}, '[^0-9]+', '', 'g')"
    return f"CASE WHEN length({digits}) >= {_SHORTEST_PHONE} THEN right({digits}, 8) END"


_FORMS: dict[NormalForm, Callable[[str], str]] = {
    NormalForm.NAME: _name,
    NormalForm.PERSON: _words,
    NormalForm.EMAIL: lambda text: f"CASE WHEN contains({text}, '@') THEN {text} END",
    NormalForm.NUMBER: _number,
    NormalForm.POSTCODE: _letters_and_digits,
    NormalForm.PHONE: _phone,
    NormalForm.DATE: lambda text: f"regexp_extract({text}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')",
}
