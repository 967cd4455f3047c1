"""Text to :class:`~sandbox.salesforce.soql.syntax.Query`, with the platform's complaint where that fails."""

from functools import cache
from pathlib import Path
from typing import Any

from lark import (
    Lark,
    Token,
    Transformer,
    UnexpectedCharacters,
    UnexpectedEOF,
    UnexpectedInput,
    UnexpectedToken,
)

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql import syntax

_CONTEXT = 40


@cache
def _parser() -> Lark:
    """Made at the first query: it takes longer than everything else that an org does at its start."""
    grammar = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=True)


def located(query: str, line: int, column: int, message: str) -> str:
    """A message in the form in which the platform points at a place in a query (both counted from 1)."""
    lines = query.splitlines() or [""]
    shown = lines[min(line, len(lines)) - 1]
    start = max(0, column - 1 - _CONTEXT)
    excerpt = shown[start : column - 1 + _CONTEXT]
    pointer = " " * (column - 1 - start) + "^"
    return f"\n{excerpt}\n{pointer}\nERROR at Row:{line}:Column:{column}\n{message}"


def parse(text: str) -> syntax.Query:
    """Reads a query.

    Raises:
        ApiError: 400 ``MALFORMED_QUERY``.
    """
    try:
        tree = _parser().parse(text)
    except UnexpectedEOF:
        raise _malformed(
            text, len(text.splitlines() or [""]), len(text) + 1, "unexpected token: '<EOF>'"
        ) from None
    except UnexpectedToken as error:
        if error.token.type == "$END":
            message = "unexpected token: '<EOF>'"
        else:
            message = f"unexpected token: '{error.token}'"
        raise _malformed(text, max(error.line, 1), max(error.column, 1), message) from None
    except UnexpectedCharacters as error:
        message = f"line {error.line}:{error.column - 1} no viable alternative at character '{error.char}'"
        raise ApiError(400, "MALFORMED_QUERY", message) from None
    except UnexpectedInput as error:
        raise ApiError(400, "MALFORMED_QUERY", str(error)) from None
    query: syntax.Query = _Builder().transform(tree)
    return query


def _malformed(text: str, line: int, column: int, message: str) -> ApiError:
    return ApiError(400, "MALFORMED_QUERY", located(text, line, column, message))


class _Clause:
    """A clause on its way from its rule to the query that has it."""

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value


class _Builder(Transformer[Token, Any]):
    """Rules of the grammar to the parts of a query; every method is named after its rule."""

    def start(self, children: list[Any]) -> syntax.Query:
        found: syntax.Query = children[0]
        return found

    def query(self, children: list[Any]) -> syntax.Query:
        select, source, *clauses = children
        values = {each.name: each.value for each in clauses if isinstance(each, _Clause)}
        all_rows = any(isinstance(each, Token) and each.type == "ALL_ROWS" for each in clauses)
        return syntax.Query(select=select, source=source, all_rows=all_rows, **values)

    def alias(self, children: list[Any]) -> _Clause:
        return _Clause("alias", children[0])

    def scope(self, _children: list[Any]) -> None:
        return None

    def purpose(self, _children: list[Any]) -> None:
        return None

    def select_list(self, children: list[Any]) -> tuple[Any, ...]:
        return tuple(children)

    def field_item(self, children: list[Any]) -> syntax.FieldItem:
        return syntax.FieldItem(*children)

    def function_item(self, children: list[Any]) -> syntax.Function:
        function, alias = children
        return syntax.Function(function.name, function.path, alias)

    def function(self, children: list[Any]) -> syntax.Function:
        return syntax.Function(*children)

    def child_query(self, children: list[Any]) -> syntax.Query:
        found: syntax.Query = children[0]
        return found

    def where(self, children: list[Any]) -> _Clause:
        return _Clause("where", children[0])

    def having(self, children: list[Any]) -> _Clause:
        return _Clause("having", children[0])

    def and_chain(self, children: list[Any]) -> syntax.Combined:
        return syntax.Combined("AND", tuple(children))

    def or_chain(self, children: list[Any]) -> syntax.Combined:
        return syntax.Combined("OR", tuple(children))

    def negation(self, children: list[Any]) -> syntax.Negation:
        return syntax.Negation(children[0])

    def comparison(self, children: list[Any]) -> syntax.Comparison:
        operand, operator, value = children
        return syntax.Comparison(operand, operator.lower().replace("<>", "!="), value)

    def in_list(self, children: list[Any]) -> syntax.InList:
        operand, word, *values = children
        return syntax.InList(operand, tuple(values), negated=word.type == "NOT_IN")

    def in_query(self, children: list[Any]) -> syntax.InQuery:
        operand, word, query = children
        return syntax.InQuery(operand, query, negated=word.type == "NOT_IN")

    def includes(self, children: list[Any]) -> syntax.Includes:
        operand, word, *values = children
        return syntax.Includes(operand, tuple(values), negated=word.type == "EXCLUDES")

    def group(self, children: list[Any]) -> _Clause:
        return _Clause("group", tuple(children))

    def order(self, children: list[Any]) -> _Clause:
        return _Clause("order", tuple(children))

    def order_item(self, children: list[Any]) -> syntax.OrderItem:
        operand, direction, nulls = children
        return syntax.OrderItem(
            operand,
            descending=direction is not None and direction.lower() == "desc",
            nulls_first=None if nulls is None else nulls.lower().endswith("first"),
        )

    def limit(self, children: list[Any]) -> _Clause:
        return _Clause("limit", int(children[0]))

    def offset(self, children: list[Any]) -> _Clause:
        return _Clause("offset", int(children[0]))
