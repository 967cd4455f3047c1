"""Scope: which records new in Salesforce are made in Gentrack, as a condition of SOQL.

An instance chooses fields with the values that they may have; what they are is the org's to say.
"""

from collections.abc import Mapping, Sequence

from connector.model.describe import ObjectDescribe
from connector.model.soql import soql_text

_TRUTH = {"true", "false"}


def criterion(wanted: Mapping[str, Sequence[str]], described: ObjectDescribe) -> str:
    """Fields and values -> a condition: each field has one of its values, letter case aside.

    A checkbox is compared without quotes, as SOQL has it; so is the one of a parent, if its values can be
    nothing else.
    """
    return " AND ".join(_one(name, values, described) for name, values in wanted.items())


def _one(name: str, values: Sequence[str], described: ObjectDescribe) -> str:
    known = described.fields.get(name)
    is_checkbox = known.type == "boolean" if known else {value.lower() for value in values} <= _TRUTH
    told = [value.lower() if is_checkbox else soql_text(value) for value in values]
    return f"{name} = {told[0]}" if len(told) == 1 else f"{name} IN ({','.join(told)})"
