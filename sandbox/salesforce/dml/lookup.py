"""Finds records by the value of a key: an external id, a unique field, or one that is looked up by."""

import pyarrow as pa

from sandbox.salesforce.columnar import Array, places, table
from sandbox.salesforce.schema.model import Field, SObjectType
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.storage.database import Transaction
from sandbox.salesforce.storage.key_index import KeyIndex
from sandbox.salesforce.storage.keys import NUMBER


def folded(expression: str, field: Field) -> str:
    """An SQL expression in the form in which values of the field are compared."""
    return expression if field.case_sensitive or field.type in {"id", "reference"} else f"lower({expression})"


def find(
    transaction: Transaction, sobject: SObjectType, key: Field, values: Array, wanted_at: Array
) -> dict[int, list[str]]:
    """For each place whose key value exists, the ids of the records that have it, in their order."""
    wanted = transaction.table(
        f"SELECT place, key, hash({folded('key', key)}) AS hash FROM wanted WHERE key IS NOT NULL",
        wanted=table({"place": wanted_at, "key": values}),
    )
    rows, numbers = _index(transaction, sobject, key).find(wanted["hash"].to_numpy())
    if not len(rows):
        return {}
    candidates = wanted.take(places(rows)).append_column("number", pa.array(numbers))
    found = transaction.rows(
        f"SELECT c.place, t.Id FROM candidates c JOIN {quoted(sobject.name)} t "
        f"ON t.{NUMBER} = c.number AND {folded(f't.{quoted(key.name)}', key)} = {folded('c.key', key)} "
        "WHERE NOT t.IsDeleted ORDER BY t.Id",
        candidates=candidates,
    )
    matches: dict[int, list[str]] = {}
    for place, record in found:
        matches.setdefault(place, []).append(record)
    return matches


def note(transaction: Transaction, sobject: SObjectType, records: pa.Table) -> None:
    """Makes known which keys were written: columns by field name, and the numbers of the records."""
    for name, index in transaction.key_indexes.get(sobject.name, {}).items():
        if name in records.column_names:
            _take(transaction, index, sobject.fields[name.lower()], "written", written=records)


def _index(transaction: Transaction, sobject: SObjectType, key: Field) -> KeyIndex:
    """The index of a key, made from the table when it is first asked for."""
    indexes = transaction.key_indexes.setdefault(sobject.name, {})
    index = indexes.get(key.name)
    if index is None:
        index = KeyIndex()
        _take(transaction, index, key, quoted(sobject.name))
        indexes[key.name] = index
    return index


def _take(transaction: Transaction, index: KeyIndex, key: Field, source: str, **tables: pa.Table) -> None:
    name = quoted(key.name)
    select = f"SELECT hash({folded(name, key)}) AS hash, {NUMBER} AS number"
    found = transaction.table(f"{select} FROM {source} WHERE {name} IS NOT NULL", (), **tables)
    index.add(found["hash"].to_numpy(), found["number"].to_numpy())
