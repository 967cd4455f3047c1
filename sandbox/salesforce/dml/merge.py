"""Merging records: what hangs on the losers moves to the winner, and they go into the recycle bin.

Source: SOAP API guide, "merge()"; object reference, MasterRecordId of Account and Contact. Which of two
relations of one contact with one account stays is not published; here it is the winner's.
"""

from collections.abc import Sequence

import pyarrow as pa

from sandbox.salesforce import identifiers
from sandbox.salesforce.columnar import texts
from sandbox.salesforce.dml.capture import ChangeCapture
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.references import states
from sandbox.salesforce.dml.triggers import Triggers
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema.model import SObjectType
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.storage.keys import keyed, same

_MOST_LOSERS = 2
_RELATION = "AccountContactRelation"
_OTHER_SIDE = {"Account": "ContactId", "Contact": "AccountId"}
"""What tells two relations of one record apart."""


def merge(context: SaveContext, sobject: SObjectType, winner: str, losers: Sequence[str]) -> None:
    """Merges one or two records into another.

    Raises:
        ApiError: records that aren't there, that are deleted, or of an object that can't be merged.
    """
    if sobject.name not in _OTHER_SIDE:
        raise ApiError(400, "INVALID_TYPE", f"{sobject.name} can't be merged")
    known = [identifiers.normalised(each) for each in (winner, *losers)]
    living = [each for each, gone in states(context.transaction, sobject, known).items() if not gone]
    if not 1 <= len(losers) <= _MOST_LOSERS or len(set(living)) != 1 + len(losers):
        raise ApiError(
            400, "INVALID_CROSS_REFERENCE_KEY", "a merge takes a living record and one or two others"
        )
    master, *gone = [str(each) for each in known]
    deletion, update = Triggers(context, sobject, "delete"), Triggers(context, sobject, "update")
    deletion.remember(texts(gone))
    update.remember(texts([master]))
    capture = ChangeCapture(context, sobject, "UPDATE")
    capture.remember(texts([master]))
    ChangeCapture(context, sobject, "DELETE").tell_deleted(gone)
    if sobject.name == "Contact":
        _keep_an_account(context, master, gone)
    _move_children(context, sobject, master, gone)
    _touch(context, sobject, gone, "IsDeleted = true, MasterRecordId = ?", [master])
    _touch(context, sobject, [master])
    deletion.fire(texts(gone))
    update.fire(texts([master]))
    capture.tell(texts([master]))


def _keep_an_account(context: SaveContext, master: str, gone: Sequence[str]) -> None:
    """Of the values that people choose between, an account counts more than none: relations hang on it."""
    context.transaction.run(
        "UPDATE Contact c SET AccountId = (SELECT min(l.AccountId) FROM Contact l SEMI JOIN wanted w "
        "ON l.Id = w.Id) WHERE c.Id = ? AND c.AccountId IS NULL",
        [master],
        wanted=keyed(texts(list(gone))),
    )


def _move_children(context: SaveContext, sobject: SObjectType, master: str, gone: Sequence[str]) -> None:
    both = pa.table({"id": pa.array([master, *gone])})
    for each in context.database.schema.children_of(sobject.name):
        if each.field.name == "MasterRecordId":
            continue
        if each.child == _RELATION:
            _drop_second_relations(context, sobject, master, both)
        column = quoted(each.field.name)
        found = context.transaction.rows(
            f"SELECT Id FROM {quoted(each.child)} SEMI JOIN wanted w ON {column} = w.id "
            f"WHERE NOT IsDeleted AND {column} <> ?",
            [master],
            wanted=both,
        )
        child = context.database.schema[each.child]
        _touch(context, child, [record for (record,) in found], f"{column} = ?", [master])
    context.transaction.run(
        f"UPDATE {_RELATION} r SET IsDirect = (r.AccountId IS NOT DISTINCT FROM c.AccountId) FROM Contact c "
        f"WHERE c.Id = r.ContactId AND NOT r.IsDeleted AND r.{sobject.name}Id = ?",
        [master],
    )


def _drop_second_relations(context: SaveContext, sobject: SObjectType, master: str, both: pa.Table) -> None:
    own, other = f"{sobject.name}Id", _OTHER_SIDE[sobject.name]
    found = context.transaction.rows(
        f"SELECT Id FROM {_RELATION} SEMI JOIN wanted w ON {own} = w.id WHERE NOT IsDeleted "
        f"QUALIFY row_number() OVER (PARTITION BY {other} ORDER BY {own} <> ?, Id) > 1",
        [master],
        wanted=both,
    )
    relation = context.database.schema[_RELATION]
    _touch(context, relation, [record for (record,) in found], "IsDeleted = true")


def _touch(
    context: SaveContext,
    sobject: SObjectType,
    ids: Sequence[str],
    change: str = "",
    values: Sequence[str] = (),
) -> None:
    if not ids:
        return
    moment = f"make_timestamp_ms({context.stamp})"
    changes = [change] if change else []
    changes += [f"SystemModstamp = {moment}", f"LastModifiedDate = {moment}", "LastModifiedById = ?"]
    context.transaction.run(
        f"UPDATE {quoted(sobject.name)} t SET {', '.join(changes)} FROM wanted w WHERE {same('t', 'w')}",
        [*values, context.user_id],
        wanted=keyed(texts(list(ids))),
    )
