"""A parsed query to SQL, with the shape of the records that its rows become."""

from dataclasses import dataclass, field
from datetime import datetime

from lark import Token

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema.model import ID_TYPES, Field, Schema, SObjectType
from sandbox.salesforce.soql import syntax
from sandbox.salesforce.soql.conditions import Conditions
from sandbox.salesforce.soql.scope import Resolved, Scope, source
from sandbox.salesforce.storage.columns import quoted

_HIGHEST_OFFSET = 2000
_MOST_WITH_ALL_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Output:
    """One value of a record: where it stands in the row, and under which name in which parent."""

    path: tuple[str, ...]
    field: Field
    sql: str


@dataclass(slots=True)
class Shape:
    """How rows become records.

    ``parents`` maps relationship paths to the output that holds the parent's id.
    """

    sobject: SObjectType
    outputs: list[Output] = field(default_factory=list)
    parents: dict[tuple[str, ...], tuple[SObjectType, int]] = field(default_factory=dict)
    children: list[tuple[str, Field, syntax.Query]] = field(default_factory=list)
    aggregate: bool = False
    count_only: bool = False


@dataclass(slots=True)
class Compiled:
    """SQL ready to run. The first output of a plain query is the record's id."""

    sql: str
    parameters: list[object]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Compiler:
    """Compiles queries of one caller.

    ``text`` is the whole query, for messages; ``everything`` means queryAll.
    """

    schema: Schema
    text: str
    now: datetime
    everything: bool = False

    def compile(self, query: syntax.Query) -> Compiled:
        """The SQL of a query.

        Raises:
            ApiError: 400 with the code and message of the platform.
        """
        return self._compiled(query, source(self.text, self.schema, query.source), "t")

    def compile_child(self, query: syntax.Query, sobject: SObjectType, reference: Field) -> Compiled:
        """The SQL of a child query.

        Its last parameter is the list of the parents' ids, its last column the parent of each row.
        """
        return self._compiled(query, sobject, "t", reference)

    def _compiled(
        self, query: syntax.Query, sobject: SObjectType, prefix: str, reference: Field | None = None
    ) -> Compiled:
        parameters: list[object] = []
        self._check_limits(query)
        scope = Scope(
            self.text, self.schema, sobject, prefix, alias=str(query.alias) if query.alias else None
        )
        conditions = self._conditions(scope, parameters)
        shape = self._shape(query, scope, conditions)
        selected = [output.sql for output in shape.outputs] or ["1"]
        clauses = self._where(query, scope, conditions)
        if reference is not None:
            column = f"{scope.table}.{quoted(reference.name)}"
            selected.append(column)
            clauses.append(f"{column} IN (SELECT unnest(?))")
            parameters.append(None)
        tail = f" WHERE {' AND '.join(clauses)}" if clauses else ""
        tail += _grouping(query, conditions) + _ordering(query, scope, conditions)
        if query.limit is not None:
            tail += f" LIMIT {query.limit}"
        if query.offset:
            tail += f" OFFSET {query.offset}"
        columns = ", ".join(f"{sql} AS o{place}" for place, sql in enumerate(selected))
        if shape.count_only:
            columns = "count(*) AS o0"
        joins = " ".join(scope.joins)
        sql = f"SELECT {columns} FROM {quoted(sobject.name)} {scope.table} {joins}{tail}"
        return Compiled(sql, parameters, shape)

    def _check_limits(self, query: syntax.Query) -> None:
        if query.offset > _HIGHEST_OFFSET:
            message = f"Maximum SOQL offset allowed is {_HIGHEST_OFFSET}"
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", message)
        whole = any(
            isinstance(item, syntax.Function) and str(item.name).lower() == "fields" for item in query.select
        )
        if whole and (query.limit is None or query.limit > _MOST_WITH_ALL_FIELDS):
            message = f"The SOQL FIELDS function must have a LIMIT of at most {_MOST_WITH_ALL_FIELDS}"
            raise ApiError(400, "MALFORMED_QUERY", message)

    def _conditions(self, scope: Scope, parameters: list[object]) -> Conditions:
        def subquery(query: syntax.Query) -> str:
            inner = source(self.text, self.schema, query.source)
            compiled = self._compiled(query, inner, scope.prefix + "s")
            position = len(compiled.shape.outputs) - 1
            parameters.extend(compiled.parameters)
            return f"SELECT o{position} FROM ({compiled.sql})"

        return Conditions(scope, self.now, parameters, subquery)

    def _where(self, query: syntax.Query, scope: Scope, conditions: Conditions) -> list[str]:
        clauses = [] if self.everything or query.all_rows else [f"NOT {scope.table}.IsDeleted"]
        if query.where is not None:
            clauses.append(conditions.sql(query.where))
        return clauses

    def _shape(self, query: syntax.Query, scope: Scope, conditions: Conditions) -> Shape:
        shape = Shape(scope.sobject)
        functions = [item for item in query.select if isinstance(item, syntax.Function)]
        if len(query.select) == 1 and _is_count(query.select[0]) and not query.group:
            shape.count_only = True
            return shape
        aggregates = [
            item for item in functions if str(item.name).lower() not in {"tolabel", "format", "fields"}
        ]
        shape.aggregate = bool(query.group or aggregates)
        if not shape.aggregate:
            shape.outputs.append(Output((), _id_of(scope.sobject), f"{scope.table}.Id"))
        for item in query.select:
            match item:
                case syntax.FieldItem(path, alias):
                    self._add_field(shape, scope, path, alias)
                case syntax.Function():
                    self._add_function(shape, scope, conditions, item)
                case syntax.Query():
                    shape.children.append(self._child(scope, item))
        return shape

    def _add_field(self, shape: Shape, scope: Scope, path: Token, alias: Token | None) -> None:
        resolved = scope.resolve(path)
        if alias is not None and not shape.aggregate:
            raise scope.error(alias, "MALFORMED_QUERY", "only aggregate expressions use field aliasing")
        if shape.aggregate:
            shape.outputs.append(
                Output((str(alias or path.rpartition(".")[2]),), resolved.field, resolved.sql)
            )
            return
        self._add_parents(shape, scope, path, resolved)
        names = resolved.field.parts.values() if resolved.field.parts else [resolved.field.name]
        for name in names:
            part = resolved.sobject.field(name)
            if part is None:
                continue
            step = (*resolved.relationships, resolved.field.name)
            outer = (*step, name) if resolved.field.parts else step
            shape.outputs.append(Output(outer, part, _column(part, resolved.table)))

    def _add_parents(self, shape: Shape, scope: Scope, path: Token, resolved: Resolved) -> None:
        steps = resolved.relationships
        for length in range(1, len(steps) + 1):
            if steps[:length] not in shape.parents:
                table, sobject = scope.parent(path, steps[:length])
                shape.parents[steps[:length]] = (sobject, len(shape.outputs))
                shape.outputs.append(Output((), _id_of(sobject), f"{table}.Id"))

    def _add_function(
        self, shape: Shape, scope: Scope, conditions: Conditions, item: syntax.Function
    ) -> None:
        name = str(item.name).lower()
        if name == "fields" and item.path is not None:
            for each in _fields_of(scope, item):
                shape.outputs.append(Output((each.name,), each, _column(each, scope.table)))
            return
        sql, found = conditions.function(item)
        if shape.aggregate and name not in {"tolabel", "format"}:
            unnamed = sum(1 for output in shape.outputs if output.path[0].startswith("expr"))
            label = str(item.alias) if item.alias else f"expr{unnamed}"
        else:
            label = str(item.alias or item.path or item.name)
        shape.outputs.append(Output((label,), found, sql))

    def _child(self, scope: Scope, query: syntax.Query) -> tuple[str, Field, syntax.Query]:
        wanted = str(query.source).lower()
        for each in self.schema.children_of(scope.sobject.name):
            if each.field.child_relationship and each.field.child_relationship.lower() == wanted:
                child = self.schema[each.child]
                return each.field.child_relationship, each.field, _of(query, child)
        message = (
            f"Didn't understand relationship '{query.source}' in FROM part of query call. If you are "
            f"attempting to use a "
            "custom relationship, be sure to append the '__r' after the custom relationship name. Please "
            "reference "
            "your WSDL or the describe call for the appropriate names."
        )
        raise scope.error(query.source, "INVALID_TYPE", message)


def _of(query: syntax.Query, child: SObjectType) -> syntax.Query:
    values = {name: getattr(query, name) for name in query.__slots__}
    return syntax.Query(**{**values, "source": Token("NAME", child.name)})


def _column(field_: Field, table: str) -> str:
    if field_.type == "base64":
        return f"{table}.Id"
    return f"{table}.{quoted(field_.name)}"


def _is_count(item: syntax.SelectItem) -> bool:
    return isinstance(item, syntax.Function) and str(item.name).lower() == "count" and item.path is None


def _id_of(sobject: SObjectType) -> Field:
    return sobject.fields["id"]


def _fields_of(scope: Scope, item: syntax.Function) -> list[Field]:
    which = str(item.path).lower()
    wanted = {"all": (True, False), "standard": (False,), "custom": (True,)}.get(which)
    if wanted is None:
        raise scope.error(item.name, "MALFORMED_QUERY", f"unexpected token: '{item.path}'")
    return [each for each in scope.sobject.fields.values() if each.stored and each.custom in wanted]


def _grouping(query: syntax.Query, conditions: Conditions) -> str:
    if not query.group:
        return ""
    grouped = ", ".join(conditions.operand(each)[0] for each in query.group)
    having = f" HAVING {conditions.sql(query.having)}" if query.having is not None else ""
    return f" GROUP BY {grouped}{having}"


def _ordering(query: syntax.Query, scope: Scope, conditions: Conditions) -> str:
    items = []
    for each in query.order:
        sql, found = conditions.operand(each.operand)
        if not found.stored:
            token = each.operand.name if isinstance(each.operand, syntax.Function) else each.operand
            raise scope.error(
                token, "INVALID_FIELD", f"field '{found.name}' can not be sorted in a query call"
            )
        folds = found.length and found.type not in ID_TYPES and not query.group
        nulls_first = each.nulls_first if each.nulls_first is not None else not each.descending
        direction = "DESC" if each.descending else "ASC"
        nulls = "FIRST" if nulls_first else "LAST"
        items.append(f"{f'lower({sql})' if folds else sql} {direction} NULLS {nulls}")
    return f" ORDER BY {', '.join(items)}" if items else ""
