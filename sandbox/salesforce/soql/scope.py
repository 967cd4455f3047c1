"""Which fields a query may name, and the joins that its paths need."""

from dataclasses import dataclass, field

from lark import Token

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema.model import Field, Schema, SObjectType
from sandbox.salesforce.soql.parse import located
from sandbox.salesforce.storage.columns import quoted

_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Resolved:
    """A field that a path leads to: its table's alias, and the relationships on the way as the query
    spells them.
    """

    field: Field
    sobject: SObjectType
    table: str
    relationships: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The column."""
        return f"{self.table}.{quoted(self.field.name)}"


@dataclass(slots=True)
class Scope:
    """One FROM clause. Parents are joined once, however often a path goes through them."""

    text: str
    schema: Schema
    sobject: SObjectType
    prefix: str
    alias: str | None = None
    joins: list[str] = field(default_factory=list)
    _tables: dict[tuple[str, ...], tuple[str, SObjectType]] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """The alias of the object itself."""
        return f"{self.prefix}0"

    def resolve(self, path: Token) -> Resolved:
        """The field of a path such as ``Account.Owner.Name``.

        Raises:
            ApiError: 400 ``INVALID_FIELD`` where there is none.
        """
        *steps, last = str(path).split(".")
        if (
            steps
            and steps[0].lower() in {(self.alias or "").lower(), self.sobject.name.lower()} - {""}
            and (self.sobject.reference_named(steps[0]) is None)
        ):
            steps = steps[1:]
        table, sobject = self.parent(path, tuple(steps))
        found = sobject.field(last)
        if found is None:
            raise self._no_column(path, last, sobject)
        return Resolved(found, sobject, table, tuple(steps))

    def parent(self, path: Token, steps: tuple[str, ...]) -> tuple[str, SObjectType]:
        """The table and object at the end of a chain of relationships; none is the object itself."""
        if not steps:
            return self.table, self.sobject
        if len(steps) > _DEEPEST:
            raise self.error(path, "INVALID_FIELD", "A query can't go more than five relationships up.")
        key = tuple(step.lower() for step in steps)
        if key not in self._tables:
            self._tables[key] = self._join(path, steps)
        return self._tables[key]

    def _join(self, path: Token, steps: tuple[str, ...]) -> tuple[str, SObjectType]:
        near, sobject = self.parent(path, steps[:-1])
        reference = sobject.reference_named(steps[-1])
        target = None if reference is None else _first_known(self.schema, reference)
        if reference is None or target is None:
            message = (
                f"Didn't understand relationship '{steps[-1]}' in field path. If you are attempting to use "
                f"a custom "
                "relationship, be sure to append the '__r' after the custom relationship name. Please "
                "reference your "
                "WSDL or the describe call for the appropriate names."
            )
            raise self.error(path, "INVALID_FIELD", message)
        table = f"{self.prefix}{len(self._tables) + 1}"
        self.joins.append(
            f"LEFT JOIN {quoted(target.name)} {table} ON {near}.{quoted(reference.name)} = {table}.Id "
            f"AND NOT {table}.IsDeleted"
        )
        return table, target

    def _no_column(self, path: Token, name: str, sobject: SObjectType) -> ApiError:
        message = (
            f"No such column '{name}' on entity '{sobject.name}'. If you are attempting to use a custom "
            f"field, be sure "
            "to append the '__c' after the custom field name. Please reference your WSDL or the describe "
            "call for the "
            "appropriate names."
        )
        return self.error(path, "INVALID_FIELD", message)

    def error(self, token: Token, code: str, message: str) -> ApiError:
        """A complaint that points at a token of the query."""
        return ApiError(400, code, located(self.text, token.line or 1, token.column or 1, message))


def _first_known(schema: Schema, reference: Field) -> SObjectType | None:
    """The object that a path through a reference leads to; an owner is taken for a user, not for a queue."""
    names = sorted(reference.reference_to, key=lambda name: name == "Group")
    return next((found for name in names if (found := schema.get(name))), None)


def source(text: str, schema: Schema, token: Token) -> SObjectType:
    """The object of a FROM clause.

    Raises:
        ApiError: 400 ``INVALID_TYPE``.
    """
    found = schema.get(str(token))
    if found is None or found.event:
        message = (
            f"sObject type '{token}' is not supported. If you are attempting to use a custom object, be "
            f"sure to append "
            "the '__c' after the entity name. Please reference your WSDL or the describe call for the "
            "appropriate names."
        )
        raise ApiError(400, "INVALID_TYPE", located(text, token.line or 1, token.column or 1, message))
    return found
