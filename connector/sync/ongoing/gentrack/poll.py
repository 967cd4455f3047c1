"""Poll: which records of a Gentrack resource changed since its cursor, by Gentrack's clock.

A poll finds what events missed. It does not find records that are gone: only an event, or the daily
comparison of both systems, tells of these.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from connector.mapping.vocabulary import Resource
from connector.model.change import Notice
from connector.model.change import Side as NoticeSide
from connector.model.cursor import Side, cursor_value
from connector.sync.ongoing.ports import GentrackFinding

_CHANGED_AT = "updatedDttm"
_ROW = pa.struct([("id", pa.int64()), (_CHANGED_AT, pa.string())])


@dataclass(frozen=True)
class Polled:
    """A page of notices. `cursor` comes with the last one: where the next poll begins, as ISO 8601 has it.

    It is to be kept in one transaction with these notices, those of earlier pages before it.
    """

    notices: list[Notice]
    cursor: str | None


def changes_in_gentrack(finding: GentrackFinding, resource: Resource, since: datetime) -> Iterator[Polled]:
    """The records of a resource that changed since its cursor, page by page; the last page is told as such.

    The next cursor is the server's time at the first page, less what a change may be seen late: what changes
    while the pages are read may come twice, and is not missed. Without a time of the server the cursor stays.
    Raises RequestRefused, SignInRefused, GaveUp.
    """
    cursor = since.isoformat()
    notices: list[Notice] | None = None
    for table, moment in finding.changed(resource.name, _ROW, since):
        if notices is None:
            cursor = cursor if moment is None else cursor_value(Side.GENTRACK, moment)
        else:
            yield Polled(notices, None)
        notices = [
            Notice(NoticeSide.GENTRACK, resource.name, str(record["id"]), _moment(record[_CHANGED_AT]))
            for record in table.to_pylist()
        ]
    yield Polled(notices or [], cursor)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
