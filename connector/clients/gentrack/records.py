"""Gentrack's records one by one: read, changed, created. Fills `GentrackRecords` of `connector.sync`.

A change is `PATCH {resource}/{id}` with the fields that change, or `PUT` with all that can be written, where
a system knows only that (docs/gentrack-contract.md, "Writing"). A nested object is sent whole, as it was read
with its changes laid over it, so that it does not matter how deep the other side merges.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, cast

import httpx
import orjson

from connector.clients.gentrack.calls import GentrackCalls, connect_calls
from connector.clients.gentrack.collection import collection_of
from connector.clients.retrying import Clock
from connector.errors import PassingError, RequestRefused
from connector.instance import Instance
from connector.model.record_change import RecordChange
from connector.settings import GentrackSecrets

READ_ONLY = frozenset({"id", "number", "balance", "updatedDttm", "links", "clientReference"})
_REPEATED = 409

Record = dict[str, Any]


class GentrackRecordsApi:
    """The records of one tenant; safe to share between threads."""

    def __init__(self, calls: GentrackCalls, *, change_by: Literal["patch", "put"] = "patch") -> None:
        self._calls = calls
        self._patience = calls.patience
        self._change_by = change_by

    def close(self) -> None:
        """Give the connections back."""
        self._calls.close()

    def read(self, resource: str, record_id: int) -> Record | None:
        """A record as it stands, None where there is none. Raises RequestRefused, SignInRefused, GaveUp."""
        path = f"{resource}/{record_id}"
        return self._patience.call(f"GET {resource}", lambda: self._found(path))

    def read_several(self, resource: str, ids: Collection[int]) -> dict[int, Record]:
        """Up to 200 records as they stand, by id, in one request; one that is not there is left out.

        Raises as `read` does.
        """
        values = ",".join(map(str, ids))
        answer = self._patience.call(
            f"GET {resource}", lambda: self._calls.ask("GET", resource, params={"id": values})
        )
        return {int(record["id"]): record for record in collection_of(answer)["results"]}

    def change(
        self,
        resource: str,
        record_id: int,
        wanted: Callable[[Mapping[str, Any]], Mapping[str, Any]],
        *,
        read: Mapping[str, Any] | None = None,
    ) -> RecordChange | None:
        """Change the fields that `wanted` makes of a record as it stands; nothing is sent where that is none.

        Every attempt reads the record first, so that a lost answer is resolved by what stands there; the
        first one goes by `read`, which the caller has read a moment ago, where it is given. None where there
        is no such record. Raises RequestRefused, SignInRefused, GaveUp.
        """
        path, sent, at_hand = f"{resource}/{record_id}", False, read

        def attempt() -> RecordChange | None:
            nonlocal sent, at_hand
            record = self._found(path) if at_hand is None else at_hand
            at_hand = None
            if record is None:
                return None
            changes = wanted(record)
            if not changes:
                return RecordChange(record, sent)
            body = whole(record, changes) if self._change_by == "put" else laid_over(record, changes)
            sent = True
            return RecordChange(self._send(self._change_by.upper(), path, body), sent=True)

        return self._patience.call(f"{self._change_by.upper()} {resource}", attempt)

    def create(self, resource: str, fields: Mapping[str, Any], client_reference: str) -> Record:
        """Create a record, or find the one that was created under this reference before.

        A creation whose answer was lost is looked up by its reference, so that it isn't made twice. Raises
        RequestRefused, SignInRefused, GaveUp.
        """
        body, doubtful = {**fields, "clientReference": client_reference}, False

        def attempt() -> Record:
            nonlocal doubtful
            if doubtful and (known := self._referred(resource, client_reference)):
                return known
            try:
                return self._send("POST", resource, body)
            except PassingError:
                doubtful = True
                raise
            except RequestRefused as refused:
                known = self._referred(resource, client_reference) if refused.status == _REPEATED else None
                if known is None:
                    raise
                return known

        return self._patience.call(f"POST {resource}", attempt)

    def _referred(self, resource: str, client_reference: str) -> Record | None:
        answer = self._calls.ask("GET", resource, params={"clientReference": client_reference})
        return next(iter(_body(answer).get("results") or []), None)

    def _found(self, path: str) -> Record | None:
        try:
            return _body(self._calls.ask("GET", path))
        except RequestRefused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def _send(self, method: str, path: str, body: Mapping[str, Any]) -> Record:
        return _body(self._calls.ask(method, path, content=orjson.dumps(body)))


def connect_gentrack_records(
    instance: Instance, secrets: GentrackSecrets, clock: Clock | None = None
) -> GentrackRecordsApi:
    """An instance's tenant, at the pace of write-back. Nothing is sent before the first call."""
    pace = instance.write_back
    calls = connect_calls(instance, secrets, clock, per_second=pace.per_second, parallel=pace.parallel)
    return GentrackRecordsApi(calls, change_by=instance.gentrack.change_by)


def laid_over(record: Mapping[str, Any], changes: Mapping[str, Any]) -> Record:
    """The fields that change, a nested object whole: as it stands, with its changes laid over it."""
    return {
        name: {**inner, **laid_over(inner, value)}
        if isinstance(value, Mapping) and isinstance(inner := record.get(name), Mapping)
        else value
        for name, value in changes.items()
    }


def whole(record: Mapping[str, Any], changes: Mapping[str, Any]) -> Record:
    """The record with its changes laid over it, as `PUT` wants it: without what can't be written."""
    kept = {name: value for name, value in record.items() if name not in READ_ONLY}
    return kept | laid_over(record, changes)


def _body(answer: httpx.Response) -> Record:
    try:
        body = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise RequestRefused(f"Gentrack's answer to {asked} is not a record.", status=answer.status_code)
    return cast("Record", body)
