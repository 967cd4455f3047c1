"""Sending writings to Salesforce: in collections, five a call, and many records of one kind in a bulk job.

What became of each record is a value. All of it may be repeated: a creation is an upsert, an update says the
same again, and what is deleted stays deleted. So a lost answer does no harm.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from connector.errors import RequestRefused
from connector.mapping import columns as named
from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.saved import Replacement, Save, SaveAs, Saved
from connector.sync.anchors import anchor_ids
from connector.sync.ongoing.ports import SalesforceRecords
from connector.sync.ongoing.salesforce.jobs import JOB_REFUSED, SalesforceJobs
from connector.sync.ongoing.salesforce.told import answered
from connector.sync.ongoing.salesforce.writing import Writing
from connector.sync.row_errors import PASSING, explained

COLLECTION = 200
"""Records of a collection (REST API guide, "sObject Collections")."""
FEWER = 8
"""Into how many smaller ones a collection goes whose records could not be locked."""
UNREADABLE = "JSON_PARSER_ERROR"
"""One value of a collection that has no place in its field has the whole collection refused."""

_Part = tuple[int, Writing]


@dataclass
class SalesforceSender:
    """An org, and how often rows with a passing error are sent again at once.

    With `jobs`, records of one kind from `bulk_from` on go in a bulk job.
    """

    org: SalesforceRecords
    jobs: SalesforceJobs | None = None
    bulk_from: int = 2000
    rounds: int = 2
    pause: Callable[[float], None] = time.sleep
    _anchors: dict[str, dict[str, str]] = field(default_factory=dict)

    def anchors(self, spec: EntitySpec) -> dict[str, str]:
        """The id of each anchor of an entity by its field, asked once. Raises RequestRefused."""
        if spec.name not in self._anchors:
            self._anchors[spec.name] = anchor_ids(spec, self.org) if spec.anchors else {}
        return self._anchors[spec.name]

    def send(self, writings: Sequence[Writing]) -> list[pd.DataFrame]:
        """Send all, in their order; for each of them salesforce_id, code, reason and todo of its records.

        A record that was written has no code. Raises CountsDisagree, LimitReached, GaveUp.
        """
        if self.jobs is None or all(len(one) < self.bulk_from for one in writings):
            return self._in_collections(writings)
        return [self._alone(one, self.jobs) for one in writings]

    def _alone(self, writing: Writing, jobs: SalesforceJobs) -> pd.DataFrame:
        """One writing, by a job where it is large; what didn't pass goes again in collections.

        So does what is in a job that was refused whole: a collection says which records that is about.
        """
        if len(writing) < self.bulk_from:
            return self._in_collections([writing])[0]
        told = jobs.send(writing)
        again = writing.of(told.index[told[named.CODE].isin(PASSING | {JOB_REFUSED})])
        told.loc[again.values.index] = self._in_collections([again])[0]
        return told

    def _in_collections(self, writings: Sequence[Writing]) -> list[pd.DataFrame]:
        became: list[dict[Any, Saved]] = [{} for _ in writings]
        waiting = [part for pair in enumerate(writings) for part in _cut(*pair, COLLECTION)]
        for round_number in range(self.rounds + 1):
            if not waiting:
                break
            if round_number:
                self.pause(2.0 ** (round_number - 1))
            for (place, part), saved in zip(waiting, self._saved(waiting), strict=True):
                became[place].update(zip(part.values.index, saved, strict=True))
            size = max(1, COLLECTION // FEWER ** (round_number + 1))
            waiting = [
                again
                for place, part in waiting
                if (left := [row for row in part.values.index if became[place][row].code in PASSING])
                for again in _cut(place, part.of(pd.Index(left)), size)
            ]
        return [
            _as_frame([of_writing[row] for row in writing.values.index], writing.values.index)
            for writing, of_writing in zip(writings, became, strict=True)
        ]

    def replace(self, writing: Writing, ended: pd.Series) -> pd.DataFrame:
        """End the records with these ids and make those of the writing, each pair both or neither."""
        replacements = [
            Replacement(writing.sobject, ended_id, body, EXTERNAL_ID)
            for ended_id, body in zip(ended.loc[writing.values.index], writing.bodies(), strict=True)
        ]
        saved = self.org.replace(replacements) if replacements else []
        return _as_frame(saved, writing.values.index)

    def _saved(self, parts: Sequence[_Part]) -> list[list[Saved]]:
        """What became of the records of each part; one that is refused as a whole doesn't stop the others."""
        try:
            return self.org.save([_save(part) for _, part in parts])
        except RequestRefused as refused:
            if len(parts) > 1:
                return [told for part in parts for told in self._saved([part])]
            ((place, part),) = parts
            if refused.code == UNREADABLE and len(part) > 1:
                halves = _cut(place, part, -(-len(part) // 2))
                return [[one for half in self._saved(halves) for one in half]]
            code = refused.code or "REQUEST_REFUSED"
            return [[Saved(None, code=code, message=refused.message) for _ in range(len(part))]]


def _save(part: Writing) -> Save:
    key = EXTERNAL_ID if part.operation is SaveAs.UPSERT else "Id"
    return Save(part.sobject, part.operation, part.bodies(), key)


def _cut(place: int, writing: Writing, size: int) -> list[_Part]:
    index = writing.values.index
    return [(place, writing.of(index[first : first + size])) for first in range(0, len(index), size)]


def _as_frame(saved: Sequence[Saved], index: pd.Index) -> pd.DataFrame:
    """With the columns `ANSWER`."""
    told = answered([one.record_id for one in saved], index)
    refused = {
        row: f"{one.code}:{one.message}:{','.join(one.fields)} --"
        for row, one in zip(index, saved, strict=True)
        if one.code
    }
    if refused:
        why = explained(pd.Series(refused, dtype=TEXT))
        for name in (named.CODE, named.REASON, named.WHAT_TO_DO):
            told.loc[why.index, name] = why[name]
    return told
