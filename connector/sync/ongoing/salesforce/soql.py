"""The queries that read Salesforce's side: by lists of ids or keys, each short enough to be sent.

A query stands in an address: that and its headers may have 16,384 bytes together (Salesforce help 000386264).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote_plus

from connector.mapping.flags import GONE, GONE_ON
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.describe import FieldDescribe, ObjectDescribe
from connector.model.poll_position import PollPosition
from connector.model.soql import soql_list, soql_text
from connector.sync.soql import STAMP, parent_path

ADDRESS = 15_500
"""Bytes of a query as it stands in an address."""
DELETED = "IsDeleted"
MASTER = "MasterRecordId"
"""Of a record that was merged: the one that it was merged into. Accounts and contacts have it."""
MASTER_KEY = f"MasterRecord.{EXTERNAL_ID}"
_BARE = frozenset({"boolean", "int", "double", "currency", "percent", "date", "datetime"})
"""Types of fields whose values stand in SOQL without quotes."""
MASTER_OF_MASTER = f"MasterRecord.{MASTER}"


def select(spec: EntitySpec, described: ObjectDescribe) -> str:
    """All that is asked of a record. Raises RequestRefused for a lookup that the user can't see."""
    columns = ["Id", EXTERNAL_ID, STAMP, DELETED]
    for parent in spec.parents:
        columns += [parent.field, parent_path(described, parent.field)]
    columns += [field.api_name for field in spec.fields]
    columns += [flag for flag in (GONE, GONE_ON) if flag in described.fields]
    if MASTER in described.fields:
        columns += [MASTER, MASTER_KEY, MASTER_OF_MASTER]
    return f"SELECT {', '.join(dict.fromkeys(columns))} FROM {spec.salesforce_object}"


def changed(spec: EntitySpec, described: ObjectDescribe, position: PollPosition, page: int) -> str:
    """A page of the records that changed, in the order in which they did, from where the poll has come."""
    if position.stamp is None:
        where = f"{STAMP} >= {_literal(position.since)}"
    else:
        at = _literal(position.stamp)
        where = f"({STAMP} > {at} OR ({STAMP} = {at} AND Id > {soql_text(position.record_id)}))"
    return f"{select(spec, described)} WHERE {where} ORDER BY {STAMP}, Id LIMIT {page}"


def criterion(described: ObjectDescribe, wanted: Mapping[str, Sequence[str]]) -> str:
    """That each field has one of its values, letter case aside."""
    return " AND ".join(_has_one(described.fields.get(name), name, each) for name, each in wanted.items())


def _has_one(field: FieldDescribe | None, name: str, values: Sequence[str]) -> str:
    if field is not None and field.type in _BARE:
        return f"{name} IN ({','.join(values)})"
    among_them = "INCLUDES" if field is not None and field.type == "multipicklist" else "IN"
    return f"{name} {among_them} ({soql_list(values)})"


def _literal(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def among(head: str, column: str, values: Iterable[str], tail: str = "") -> Iterator[str]:
    """`head` WHERE `column` IN (values) `tail`, in as many queries as it takes."""
    for some in pieces(head + tail + column, list(values), lambda value: soql_text(value) + ","):
        yield f"{head} WHERE {column} IN ({','.join(map(soql_text, some))}){tail}"


def among_parents(spec: EntitySpec, described: ObjectDescribe, keys: Iterable[str]) -> Iterator[str]:
    """Records that have the parents which these keys are made of, and some that have only one of each."""
    head = select(spec, described)
    paths = [parent_path(described, parent.field) for parent in spec.parents]
    for some in pieces(head + "".join(paths), list(keys), lambda key: f"{key}," + "'" * 4 * len(paths)):
        parts = zip(*(parents_of(spec, key) for key in some), strict=True)
        lists = [",".join(map(soql_text, dict.fromkeys(each))) for each in parts]
        conditions = (f"{path} IN ({one})" for path, one in zip(paths, lists, strict=True))
        yield f"{head} WHERE {' AND '.join(conditions)}"


def parents_of(spec: EntitySpec, key: str) -> tuple[str, ...]:
    """The external ids of a record's parents, of which its own is made; none for a key of another shape."""
    parts = dict(zip(spec.key, key.split(":"), strict=False))
    known = [parts.get(parent.key) for parent in spec.parents]
    return tuple(one for one in known if one is not None) if None not in known else ()


def pieces(
    around: str, values: Sequence[str], written: Callable[[str], str], *, most: int | None = None
) -> Iterator[list[str]]:
    """The values cut so that each piece, and what stands around it, fits into an address.

    No piece has more than `most` of them. `written` is what stands in the query for one of them, with what
    parts it from the next.
    """
    room = ADDRESS - len(quote_plus(around)) - 100
    piece: list[str] = []
    length = 0
    for value in values:
        needs = len(quote_plus(written(value)))
        if piece and (length + needs > room or len(piece) == most):
            yield piece
            piece, length = [], 0
        piece.append(value)
        length += needs
    if piece:
        yield piece
