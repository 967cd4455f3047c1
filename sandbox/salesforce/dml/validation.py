"""Validation rules: conditions under which a record is refused.

A rule is written as a SOQL condition over the record as it would be saved, since the sandbox parses no
formulas.
Source: Salesforce help, "Validation Rules"; row errors as reported from the field.
"""

import threading
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.dml.rules.question import wanted
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.schema.model import Schema, SObjectType
from sandbox.salesforce.soql.conditions import Conditions
from sandbox.salesforce.soql.parse import parse
from sandbox.salesforce.soql.scope import Scope
from sandbox.salesforce.storage.columns import quoted, sql_type
from sandbox.salesforce.storage.keys import same


class ValidationRule(BaseModel):
    """One rule. ``condition`` is what stands after WHERE; a record for which it holds is refused."""

    model_config = ConfigDict(extra="forbid")

    object: str = Field(description="API name of the object.")
    name: str = Field(description="API name of the rule.")
    condition: str = Field(description='SOQL condition, such as "Phone = null".')
    message: str = Field(description="What the user is told.")
    field: str | None = Field(
        None, description="Field beside which the message stands; the top of the page if none."
    )
    active: bool = True


class _RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rules: tuple[ValidationRule, ...] = ()


def rules_of(file: Path) -> tuple[ValidationRule, ...]:
    """The rules of a TOML file, a table ``[[rules]]`` each.

    Raises:
        pydantic.ValidationError: a line that is no part of a rule, or a part that is missing.
    """
    return _RuleFile.model_validate(tomllib.loads(file.read_text("utf-8"))).rules


class ValidationRules:
    """The rules of the org, by object."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._lock = threading.Lock()
        self._rules: dict[str, list[ValidationRule]] = {}

    def add(self, rule: ValidationRule, now: datetime) -> None:
        """Takes a rule up.

        Raises:
            ApiError: the condition can't be understood.
        """
        sobject = self._schema[rule.object]
        self._sql(rule, sobject, "SELECT 1", now)
        with self._lock:
            self._rules[sobject.name] = [*self._rules.get(sobject.name, []), rule]

    def clear(self) -> None:
        """Drops every rule."""
        with self._lock:
            self._rules.clear()

    def check(self, context: SaveContext, rows: Rows, now: datetime) -> None:
        """Refuses the rows for which an active rule holds."""
        for rule in self._rules.get(rows.sobject.name, []):
            if rule.active and len(rows):
                incoming = _as_saved(rows, self._schema[rows.sobject.name])
                sql, parameters = self._sql(rule, self._schema[rows.sobject.name], incoming, now)
                found = context.transaction.rows(sql, parameters, wanted=wanted(rows))
                fields = (rule.field,) if rule.field else ()
                error = RowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)
                rows.refuse((place for (place,) in found), lambda _, error=error: error)  # type: ignore[misc]
                rows = rows.surviving()

    def _sql(
        self, rule: ValidationRule, sobject: SObjectType, incoming: str, now: datetime
    ) -> tuple[str, list[object]]:
        text = f"SELECT Id FROM {sobject.name} WHERE {rule.condition}"
        query = parse(text)
        scope = Scope(text, self._schema, sobject, "t")
        parameters: list[object] = []

        def no_subquery(_query: object) -> str:
            raise ValueError("a validation rule has no subquery")

        clause = Conditions(scope, now, parameters, no_subquery).sql(query.where) if query.where else "false"
        return f"SELECT t0.place FROM ({incoming}) t0 {' '.join(scope.joins)} WHERE {clause}", parameters


def _as_saved(rows: Rows, sobject: SObjectType) -> str:
    """SQL for the records as they would be saved: what the rows bring over what is there already."""
    brought: Mapping[str, object] = rows.columns
    existing = rows.ids is not None
    columns = ["w.place"]
    for field in sobject.stored_fields:
        name, key = quoted(field.name), field.name.lower()
        if key in brought and key != "id":
            columns.append(f"w.{name}")
        elif existing:
            columns.append(f"r.{name}")
        else:
            columns.append(f"NULL::{sql_type(field)} AS {name}")
    joined = f"JOIN {quoted(sobject.name)} r ON {same('r', 'w')}" if existing else ""
    return f"SELECT {', '.join(columns)} FROM wanted w {joined}"
