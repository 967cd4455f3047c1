"""WHERE and HAVING as SQL.

Texts compare without regard to case; a null never compares, except with ``= null``.
"""

from collections.abc import Callable
from datetime import datetime, time

from lark import Token

from sandbox.salesforce import identifiers
from sandbox.salesforce.schema.model import ID_TYPES, NUMBER_TYPES, TEXT_TYPES, Field
from sandbox.salesforce.soql import literals, syntax
from sandbox.salesforce.soql.scope import Scope
from sandbox.salesforce.storage.keys import NUMBER

_LONGEST_FILTERED_TEXT = 255
_NO_RECORD = "0" * 18
_AGGREGATES = {"count", "count_distinct", "sum", "avg", "min", "max"}
_COUNTING = Field(name="count", label="count", type="int")
_EQUALITY = {"=": "=", "!=": "IS DISTINCT FROM"}


class Conditions:
    """Translates the conditions of one query; values become parameters in the order of their places."""

    def __init__(
        self,
        scope: Scope,
        now: datetime,
        parameters: list[object],
        subquery: Callable[[syntax.Query], str],
    ) -> None:
        self._scope = scope
        self._now = now
        self._parameters = parameters
        self._subquery = subquery

    def sql(self, condition: syntax.Condition) -> str:
        """The condition; null where a null was compared, which counts as false."""
        match condition:
            case syntax.Combined(word, terms):
                sql = "(" + f" {word} ".join(self.sql(term) for term in terms) + ")"
            case syntax.Negation(term):
                sql = f"(NOT coalesce({self.sql(term)}, false))"
            case syntax.Comparison(operand, operator, value):
                sql = self._comparison(operand, operator, value)
            case syntax.InList(operand, values, negated):
                sql = self._in_list(operand, values, negated=negated)
            case syntax.InQuery(operand, query, negated):
                expression, _ = self.operand(operand)
                found = f"{expression} IN ({self._subquery(query)})"
                sql = f"(NOT coalesce({found}, false))" if negated else f"({found})"
            case syntax.Includes(operand, values, negated):
                sql = self._includes(operand, values, negated=negated)
        return sql

    def operand(self, operand: syntax.Operand) -> tuple[str, Field]:
        """The left side of a condition, or what is grouped or ordered by."""
        if isinstance(operand, syntax.Function):
            return self.function(operand)
        resolved = self._scope.resolve(operand)
        return resolved.sql, resolved.field

    def function(self, function: syntax.Function) -> tuple[str, Field]:
        """An aggregate or a function of one field."""
        name = str(function.name).lower()
        if name == "count" and function.path is None:
            return "count(*)", _COUNTING
        if function.path is None or name not in _AGGREGATES | {"tolabel", "format"}:
            raise self._scope.error(function.name, "MALFORMED_QUERY", f"unexpected token: '{function.name}'")
        resolved = self._scope.resolve(function.path)
        if name in {"tolabel", "format"}:
            return resolved.sql, resolved.field
        if name in {"count", "count_distinct"}:
            inner = f"DISTINCT {resolved.sql}" if name == "count_distinct" else resolved.sql
            return f"count({inner})", _COUNTING
        return f"{name}({resolved.sql})", resolved.field

    def _bind(self, value: object) -> str:
        self._parameters.append(value)
        return "?"

    def _filterable(self, operand: syntax.Operand) -> tuple[str, Field]:
        expression, field = self.operand(operand)
        token = operand.name if isinstance(operand, syntax.Function) else operand
        if not field.stored or (field.type == "textarea" and field.length > _LONGEST_FILTERED_TEXT):
            message = f"field '{field.name}' can not be filtered in a query call"
            raise self._scope.error(token, "INVALID_FIELD", message)
        return expression, field

    def _comparison(self, operand: syntax.Operand, operator: str, value: Token) -> str:
        expression, field = self._filterable(operand)
        if value.type == "NULL":
            if operator not in _EQUALITY:
                raise self._scope.error(value, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on null")
            return f"({expression} IS {'NOT ' if operator == '!=' else ''}NULL)"
        if operator == "like":
            return self._like(expression, field, value)
        if value.type == "DATE_LITERAL":
            return self._in_period(expression, field, operator, value)
        self._check_type(field, value)
        if _folds(field):
            left, right = f"lower({expression})", f"lower({self._bind(literals.text_of(value))})"
        else:
            left, right = expression, self._value(field, value)
        narrowed = ""
        if field.type == "id" and operator == "=":
            number = identifiers.number_of(self._record_id(value) or _NO_RECORD)
            narrowed = f"{_number_beside(expression)} = {number} AND "
        return f"({narrowed}{left} {_EQUALITY.get(operator, operator)} {right})"

    def _like(self, expression: str, field: Field, value: Token) -> str:
        if field.type not in TEXT_TYPES:
            raise self._scope.error(
                value, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on " + field.type
            )
        self._check_type(field, value)
        return f"({expression} ILIKE {self._bind(literals.pattern_of(value))} ESCAPE '\\')"

    def _in_period(self, expression: str, field: Field, operator: str, value: Token) -> str:
        first, after = literals.period_of(value, self._now.date())
        if field.type == "datetime":
            start: object = datetime.combine(first, time())
            end: object = datetime.combine(after, time())
        else:
            start, end = first, after
        if operator in _EQUALITY:
            whole = f"({expression} >= {self._bind(start)} AND {expression} < {self._bind(end)})"
            return whole if operator == "=" else f"(NOT coalesce({whole}, false))"
        edge, sign = {"<": (start, "<"), ">=": (start, ">="), ">": (end, ">="), "<=": (end, "<")}[operator]
        return f"({expression} {sign} {self._bind(edge)})"

    def _in_list(self, operand: syntax.Operand, values: tuple[Token, ...], *, negated: bool) -> str:
        expression, field = self._filterable(operand)
        present = [value for value in values if value.type != "NULL"]
        for value in present:
            self._check_type(field, value)
        if _folds(field):
            folded = [literals.text_of(value).lower() for value in present]
            found = f"lower({expression}) IN (SELECT unnest({self._bind(folded)}))"
        elif field.type in ID_TYPES:
            ids = [self._record_id(value) for value in present]
            narrowed = ""
            if field.type == "id":
                numbers = [identifiers.number_of(each or _NO_RECORD) for each in ids]
                narrowed = f"{_number_beside(expression)} IN (SELECT unnest({self._bind(numbers)})) AND "
            found = f"({narrowed}{expression} IN (SELECT unnest({self._bind(ids)})))"
        else:
            found = f"{expression} IN ({', '.join(self._value(field, value) for value in present)})"
        clause = found if present else "false"
        if len(present) < len(values):
            clause = f"{clause} OR {expression} IS NULL"
        return f"(NOT coalesce({clause}, false))" if negated else f"({clause})"

    def _includes(self, operand: syntax.Operand, values: tuple[Token, ...], *, negated: bool) -> str:
        expression, _ = self._filterable(operand)
        chosen = f"string_split(lower({expression}), ';')"
        tests = [
            f"list_has_all({chosen}, {self._bind(literals.text_of(value).lower().split(';'))})"
            for value in values
        ]
        clause = " OR ".join(tests)
        return f"(NOT coalesce({clause}, false))" if negated else f"({clause})"

    def _value(self, field: Field, value: Token) -> str:
        if field.type in ID_TYPES:
            return self._bind(self._record_id(value))
        if field.type == "boolean":
            return str(value).lower()
        if field.type in NUMBER_TYPES or field.type == "int":
            return self._bind(float(value))
        if field.type == "date":
            return f"{self._bind(str(value))}::DATE"
        return self._bind(literals.moment_of(value).replace(tzinfo=None))

    def _record_id(self, value: Token) -> str:
        text = literals.text_of(value)
        found = identifiers.normalised(text)
        if found is None and text:
            raise self._scope.error(value, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
        return found or ""

    def _check_type(self, field: Field, value: Token) -> None:
        expected, kinds, quoted = _expectation(field)
        if value.type in kinds or (value.type == "DATE_LITERAL" and field.type in {"date", "datetime"}):
            return
        enclosed = "should" if quoted else "should not"
        message = (
            f"value of filter criterion for field '{field.name}' must be of type {expected} and {enclosed} "
            "be enclosed in quotes"
        )
        raise self._scope.error(value, "INVALID_FIELD", message)


def _number_beside(expression: str) -> str:
    """The column with the number of an id, from the column of the id."""
    return f"{expression.rpartition('.')[0]}.{NUMBER}"


def _folds(field: Field) -> bool:
    return field.type in TEXT_TYPES and not field.case_sensitive


def _expectation(field: Field) -> tuple[str, set[str], bool]:
    if field.type in TEXT_TYPES | ID_TYPES:
        return "string", {"STRING"}, True
    if field.type == "boolean":
        return "boolean", {"TRUE", "FALSE"}, False
    if field.type in NUMBER_TYPES or field.type == "int":
        return field.type if field.type == "int" else "double", {"NUMBER"}, False
    return ("date", {"DATE"}, False) if field.type == "date" else ("dateTime", {"DATETIME"}, False)
