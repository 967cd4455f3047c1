"""The same hashes as expressions of DuckDB, for whole sets: the end of an initial run, and reconciliation.

`connector.mapping.canonical` says what a comparable value is; a test holds that both say the same of any
text.
"""

from collections.abc import Callable, Sequence

from connector.mapping.agreement.hashes import BYTES
from connector.mapping.agreement.lines import Line
from connector.mapping.canonical import NUMBER, TIME_OF_DAY
from connector.mapping.vocabulary import FieldType, Parent

_SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
_UNKNOWN = f"unhex('{'00' * BYTES}')"
_LARGEST = f"1{'0' * 28}"


def agreed_sql(
    lines: Sequence[Line], gentrack: Callable[[str], str], salesforce: Callable[[str], str]
) -> str:
    """An expression of packed agreements: of lines that are equal on both sides; the others are unknown.

    `gentrack` and `salesforce` give the expression of a line's value by its API name, both in Salesforce's
    form: a converted value, and for a parent its external id.
    """
    hashes = []
    for line in lines:
        ours, theirs = (comparable_sql(line, side(line.name)) for side in (gentrack, salesforce))
        hashes.append(
            f"CASE WHEN {ours} IS NOT DISTINCT FROM {theirs} THEN {hash_sql(ours)} ELSE {_UNKNOWN} END"
        )
    return " || ".join(f"({one})" for one in hashes)


def hash_sql(comparable: str) -> str:
    """The hash of a comparable value."""
    return f"unhex(left(md5(coalesce({comparable}, '')), {BYTES * 2}))"


def comparable_sql(line: Line, value: str) -> str:
    """The comparable form of a value in Salesforce's form, NULL where it is missing."""
    if isinstance(line.of, Parent):
        return f"lower({value})"
    lines_as_lf = f"replace(replace({value}, E'\\r\\n', E'\\n'), E'\\r', E'\\n')"
    return _typed(f"nullif({_trimmed(lines_as_lf)}, '')", line.of.type, line.of.scale)


def _typed(text: str, field_type: FieldType, scale: int) -> str:
    match field_type:
        case FieldType.BOOLEAN:
            return f"coalesce(lower({text}), 'false')"
        case FieldType.EMAIL:
            return f"lower({text})"
        case FieldType.DATE:
            return f"regexp_replace({text}, '{TIME_OF_DAY}', '\\1')"
        case FieldType.MULTIPICKLIST:
            return _sorted_choices(text)
        case FieldType.NUMBER:
            return _rounded(text, scale)
        case _:
            return text


def _trimmed(text: str) -> str:
    return f"trim({text}, '{_SPACES}')"


def _sorted_choices(text: str) -> str:
    choices = f"[{_trimmed('choice')} FOR choice IN string_split({text}, ';')]"
    chosen = f"list_sort(list_distinct([choice FOR choice IN {choices} IF choice <> '']))"
    return f"CASE WHEN contains({text}, ';') THEN nullif(array_to_string({chosen}, ';'), '') ELSE {text} END"


def _rounded(text: str, scale: int) -> str:
    rounded = f"TRY_CAST({text} AS DECIMAL(38, {scale}))"
    fits = f"regexp_full_match({text}, '{NUMBER}') AND abs({rounded}) < {_LARGEST}"
    return f"CASE WHEN {fits} THEN {rounded}::VARCHAR ELSE {text} END"
