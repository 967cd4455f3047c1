"""Text in SOQL (SOQL and SOSL Reference, "Quoted String Escape Sequences")."""

from collections.abc import Iterable


def soql_text(value: str) -> str:
    """A text literal."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def soql_list(values: Iterable[str]) -> str:
    """What stands between the parentheses of IN; there is at least one value."""
    return ", ".join(soql_text(value) for value in values)
