"""A text as SOQL quotes it: for everybody who puts a value into a query."""


def soql_text(value: str) -> str:
    """A text literal of SOQL (SOQL and SOSL Reference, "Quoted String Escape Sequences")."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"
