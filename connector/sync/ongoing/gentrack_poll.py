"""Poll: which records of a Gentrack resource changed since its cursor, by Gentrack's clock.

A poll finds what events missed. It does not find records that are gone: only an event, or the daily
comparison of both systems, tells of these.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from connector.mapping.vocabulary import Resource
from connector.model.change import Notice, Side
from connector.sync.ongoing.ports import GentrackFinding

SEEN_LATE = timedelta(seconds=5)
"""How long after the time that it bears a change may come to be seen (docs/gentrack-contract.md)."""
_CHANGED_AT = "updatedDttm"
_ROW = pa.struct([("id", pa.int64()), (_CHANGED_AT, pa.string())])


@dataclass(frozen=True)
class Polled:
    """A page of notices. `cursor` comes with the last one: where the next poll begins, as ISO 8601 has it.

    It is to be kept in one transaction with these notices, those of earlier pages before it.
    """

    notices: list[Notice]
    cursor: str | None


def changes_in_gentrack(finding: GentrackFinding, resource: Resource, since: str) -> Iterator[Polled]:
    """The records of a resource that changed since its cursor, page by page; the last page is told as such.

    The next cursor is the server's time at the first page, less what a change may be seen late: what changes
    while the pages are read may come twice, and is not missed. Without a time of the server the cursor stays.
    Raises RequestRefused, SignInRefused, GaveUp.
    """
    cursor = since
    notices: list[Notice] | None = None
    for table, moment in finding.changed(resource.name, _ROW, datetime.fromisoformat(since)):
        if notices is None:
            cursor = since if moment is None else (moment - SEEN_LATE).isoformat()
        else:
            yield Polled(notices, None)
        notices = [
            Notice(Side.GENTRACK, resource.name, str(record["id"]), _moment(record[_CHANGED_AT]))
            for record in table.to_pylist()
        ]
    yield Polled(notices or [], cursor)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
