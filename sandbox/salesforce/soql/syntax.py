"""The parts of a SOQL query, as parsed. Names are tokens that know where they stood, for error messages."""

from dataclasses import dataclass, field

from lark import Token


@dataclass(frozen=True, slots=True)
class FieldItem:
    """A field, perhaps of a parent, perhaps under an alias."""

    path: Token
    alias: Token | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """``COUNT()``, an aggregate, a date function or a formatting function, perhaps under an alias."""

    name: Token
    path: Token | None
    alias: Token | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """``operand operator value``; the operator is lower-cased, ``like`` among them."""

    operand: "Operand"
    operator: str
    value: Token


@dataclass(frozen=True, slots=True)
class InList:
    """``operand [NOT] IN (values)``."""

    operand: "Operand"
    values: tuple[Token, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class InQuery:
    """``operand [NOT] IN (SELECT ...)``."""

    operand: "Operand"
    query: "Query"
    negated: bool


@dataclass(frozen=True, slots=True)
class Includes:
    """``operand INCLUDES (values)``: a multi-select picklist that holds one of them (all parts of one)."""

    operand: "Operand"
    values: tuple[Token, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Combined:
    """Conditions joined by one word: ``AND`` or ``OR``."""

    word: str
    terms: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """``NOT condition``."""

    term: "Condition"


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One criterion of the order."""

    operand: "Operand"
    descending: bool
    nulls_first: bool | None


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT. ``order`` and ``group`` are empty where the clause is absent."""

    select: tuple["SelectItem", ...]
    source: Token
    alias: Token | None = None
    where: "Condition | None" = None
    group: tuple["Operand", ...] = ()
    having: "Condition | None" = None
    order: tuple[OrderItem, ...] = ()
    limit: int | None = None
    offset: int = 0
    all_rows: bool = field(default=False)


Operand = Token | Function
SelectItem = FieldItem | Function | Query
Condition = Comparison | InList | InQuery | Includes | Combined | Negation
