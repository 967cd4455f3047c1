"""Row checks: what Salesforce would refuse, found before anything is sent.

Each check is a column of truth over a batch; the codes are Salesforce's own, so that a row refused here and
a row refused there read alike. A check is never stricter than the platform: what passes here may still be
refused there, never the other way round.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from connector.mapping.canonical import NUMBER
from connector.mapping.converters import Column
from connector.mapping.vocabulary import Field, FieldType
from connector.model.describe import FieldDescribe
from connector.model.outcome import RowOutcome

_PLAIN = r"""[^\s@,;<>()\[\]".][^\s@,;<>()\[\]"]*@[^\s@,;<>()"]+"""
_EMAIL = rf"""(?s)(?:{_PLAIN}|.*["(].*@.*|.*@.*["(].*)"""
"""Salesforce takes what the RFCs allow, so a quoted part or a comment is left to it; it refuses
a leading dot (help.salesforce.com, article 000384328)."""
_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"


@dataclass(frozen=True)
class Refusal:
    """Rows that a check refuses: `rows` is true for each; the rest says why in plain words, and what to do.

    `reason` is one for all of them, or a column of one for each of these rows.
    """

    rows: Column
    outcome: RowOutcome
    code: str
    field: str
    reason: str | Column
    todo: str


def refusals(field: Field, described: FieldDescribe, values: Column, creating: Column) -> Iterator[Refusal]:
    """What Salesforce would refuse of a field; `creating` is true for rows that it does not have yet."""
    if described.required_on_create:
        yield Refusal(
            values.isna() & creating,
            field.when_missing,
            "REQUIRED_FIELD_MISSING",
            field.api_name,
            f"{described.label} is empty, and Salesforce requires it.",
            f"Fill in {_source(field)} in Gentrack.",
        )
    if described.length:
        yield Refusal(
            (values.str.len() > described.length).fillna(value=False),
            RowOutcome.REJECTED,
            "STRING_TOO_LONG",
            field.api_name,
            f"{described.label} is longer than the {described.length} characters that Salesforce takes.",
            f"Shorten {_source(field)} in Gentrack.",
        )
    if described.restricted_picklist:
        yield Refusal(
            _not_a_choice(values, described, multiple=field.type is FieldType.MULTIPICKLIST),
            RowOutcome.REJECTED,
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            field.api_name,
            f"{described.label} has a value that Salesforce's restricted picklist doesn't know.",
            f"Correct {_source(field)} in Gentrack, or add the value to the picklist in Salesforce.",
        )
    if field.type is FieldType.EMAIL:
        yield Refusal(
            ~values.str.fullmatch(_EMAIL).fillna(value=True),
            RowOutcome.REJECTED,
            "INVALID_EMAIL_ADDRESS",
            field.api_name,
            f"{described.label} is not an email address.",
            f"Correct {_source(field)} in Gentrack.",
        )
    if field.type is FieldType.DATE:
        yield Refusal(
            ~values.str.fullmatch(_DATE).fillna(value=True),
            RowOutcome.REJECTED,
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            field.api_name,
            f"{described.label} is not a date.",
            f"Correct {_source(field)} in Gentrack.",
        )
    if field.type is FieldType.NUMBER:
        yield Refusal(
            ~values.str.fullmatch(NUMBER).fillna(value=True),
            RowOutcome.REJECTED,
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            field.api_name,
            f"{described.label} is not a number.",
            f"Correct {_source(field)} in Gentrack.",
        )


def _not_a_choice(values: Column, described: FieldDescribe, *, multiple: bool) -> Column:
    known = set(described.picklist_values)
    if multiple:
        strange = [choice for choice in values.dropna().unique() if not set(choice.split(";")) <= known]
        return values.isin(strange)
    return values.notna() & ~values.isin(known)


def _source(field: Field) -> str:
    return " or ".join(field.sources)


def first_of(found: list[Refusal], index: pd.Index) -> pd.DataFrame:
    """Refusals -> outcome, code, field, reason and todo of each row: all the reasons, the rest of the first.

    Rows that nothing refuses have NA everywhere.
    """
    columns = ("outcome", "code", "field", "reason", "todo")
    verdict = pd.DataFrame({name: pd.Series(pd.NA, index=index, dtype=object) for name in columns})
    for refusal in found:
        rows = refusal.rows.astype(bool)
        if not rows.any():
            continue
        first = rows & verdict["outcome"].isna()
        again = rows & ~first
        reason = pd.Series(refusal.reason, index=index, dtype=object)
        verdict.loc[again, "reason"] += " " + reason[again]
        verdict.loc[again, "todo"] += " " + refusal.todo
        verdict.loc[first, ["outcome", "code", "field", "todo"]] = [
            refusal.outcome.value,
            refusal.code,
            refusal.field,
            refusal.todo,
        ]
        verdict.loc[first, "reason"] = reason[first]
    return verdict
