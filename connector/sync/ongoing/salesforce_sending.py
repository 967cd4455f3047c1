"""Sending writings to Salesforce in collections, five a call; what became of each record is a value.

All of it may be repeated: a creation is an upsert, an update says the same again, and what is deleted stays
deleted. So a lost answer does no harm.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from connector.errors import RequestRefused
from connector.mapping import columns as named
from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.saved import Replacement, Save, SaveAs, Saved
from connector.sync.anchors import anchor_ids
from connector.sync.ongoing.ports import SalesforceRecords
from connector.sync.ongoing.told import ERROR
from connector.sync.ongoing.writing import Writing
from connector.sync.row_errors import PASSING

COLLECTION = 200
"""Records of a collection (REST API guide, "sObject Collections")."""
FEWER = 8
"""Into how many smaller ones a collection goes whose records could not be locked."""
UNREADABLE = "JSON_PARSER_ERROR"
"""One value of a collection that has no place in its field has the whole collection refused."""

_Part = tuple[int, Writing]


@dataclass
class SalesforceSender:
    """An org, and how often rows with a passing error are sent again at once."""

    org: SalesforceRecords
    rounds: int = 2
    pause: Callable[[float], None] = time.sleep
    _anchors: dict[str, dict[str, str]] = field(default_factory=dict)

    def anchors(self, spec: EntitySpec) -> dict[str, str]:
        """The id of each anchor of an entity by its field, asked once. Raises RequestRefused."""
        if spec.name not in self._anchors:
            self._anchors[spec.name] = anchor_ids(spec, self.org) if spec.anchors else {}
        return self._anchors[spec.name]

    def send(self, writings: Sequence[Writing]) -> list[pd.DataFrame]:
        """Send all, in their order; for each of them salesforce_id and error of its records.

        `error` reads as in the results of a bulk job (`connector.sync.row_errors`), missing where a record
        was written. Raises CountsDisagree, LimitReached, GaveUp.
        """
        told = [_nothing_told(writing.values.index) for writing in writings]
        waiting = [
            part for place, writing in enumerate(writings) for part in _cut(place, writing, COLLECTION)
        ]
        for round_number in range(self.rounds + 1):
            if not waiting:
                break
            if round_number:
                self.pause(2.0 ** (round_number - 1))
            for (place, part), saved in zip(waiting, self._saved(waiting), strict=True):
                told[place].loc[part.values.index] = _as_frame(saved, part.values.index)
            size = max(1, COLLECTION // FEWER ** (round_number + 1))
            waiting = [
                part
                for place, writing in enumerate(writings)
                for part in _cut(place, writing.of(_passing(told[place])), size)
            ]
        return told

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


def _passing(told: pd.DataFrame) -> pd.Index:
    return told.index[told[named.CODE].isin(PASSING)]


def _nothing_told(index: pd.Index) -> pd.DataFrame:
    return _as_frame([Saved(None)] * len(index), index)


def _as_frame(saved: Sequence[Saved], index: pd.Index) -> pd.DataFrame:
    errors = [f"{one.code}:{one.message}:{','.join(one.fields)} --" if one.code else None for one in saved]
    columns = {
        named.SALESFORCE_ID: [one.record_id for one in saved],
        named.CODE: [one.code or None for one in saved],
        ERROR: errors,
    }
    return pd.DataFrame(
        {name: pd.Series(values, index=index, dtype=TEXT) for name, values in columns.items()}
    )
