"""Many small reads and writes in few calls: sObject Collections and queries inside composite requests.

Limits: 25 parts a request, 5 of them queries or collections; 200 records a collection; 75 graphs, each of
which stands or falls as a whole. A composite request counts as one call. Source: REST API guide,
"Composite", "Composite Graph", "sObject Collections", "sObject Get Deleted".
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from connector.clients.http_date import moment_of
from connector.clients.salesforce.answers import raise_for_part
from connector.clients.salesforce.session import SalesforceSession
from connector.errors import CountsDisagree
from connector.model.replication import Deletions, Reading
from connector.model.saved import Replacement, Save, SaveAs, Saved

PARTS = 5
"""Queries or collections in a request."""
RESOURCES = 25
"""Parts of a request that are neither."""
GRAPHS = 75
RECORDS = 200


class Composite:
    """Composite requests on one session; each is repeated as a whole where a part of it may pass later."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session

    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> list[list[dict[str, Any]]]:
        """The records of each query, all pages, without their `attributes`.

        With `deleted`, those in the bin too. Raises RequestRefused for a query that is refused.
        """
        return list(self.reading(soql, deleted=deleted).records)

    def reading(self, soql: Sequence[str], *, deleted: bool = False) -> Reading:
        """The same with the org's own time when the first of them was asked."""
        name = "queryAll" if deleted else "query"
        parts = [
            {"method": "GET", "url": f"{self._session.rest_path}/{name}?{urlencode({'q': one})}"}
            for one in soql
        ]
        bodies, began = self._run(parts)
        return Reading([list(self._all_pages(body)) for body in bodies], began)

    def deletions(self, sobjects: Sequence[str], start: datetime, end: datetime) -> list[Deletions]:
        """What each object lost between two moments of the org's clock, at least a minute apart.

        Raises RequestRefused: INVALID_REPLICATION_DATE for a start that the org remembers no more (15 days),
        EXCEEDED_ID_LIMIT for more than 600,000 records.
        """
        span = urlencode({"start": _rendered(start), "end": _rendered(end)})
        parts = [
            {"method": "GET", "url": f"{self._session.rest_path}/sobjects/{name}/deleted?{span}"}
            for name in sobjects
        ]
        bodies, _ = self._run(parts, RESOURCES)
        return [
            Deletions(
                {one["id"]: datetime.fromisoformat(one["deletedDate"]) for one in body["deletedRecords"]},
                datetime.fromisoformat(body["latestDateCovered"]),
            )
            for body in bodies
        ]

    def save(self, saves: Sequence[Save]) -> list[list[Saved]]:
        """Write one after another; what became of each record, in its order.

        Raises CountsDisagree where Salesforce answers for another number of records.
        """
        answers, _ = self._run([self._part(one) for one in saves])
        told = []
        for one, answer in zip(saves, answers, strict=True):
            if len(answer) != len(one.records):
                raise CountsDisagree(
                    f"{len(one.records)} records of {one.sobject} were sent, and {len(answer)} answered for."
                )
            told.append([_saved(one, *pair) for pair in zip(one.records, answer, strict=True)])
        return told

    def replace(self, replacements: Sequence[Replacement]) -> list[Saved]:
        """End records and make others in their place: each both or neither. What became of each, in order."""
        told: list[Saved] = []
        for first in range(0, len(replacements), GRAPHS):
            some = replacements[first : first + GRAPHS]
            told += self._session.patience.call(
                "POST /composite/graph", partial(self._attempt_graphs, [self._graph(one) for one in some])
            )
        return told

    def _graph(self, one: Replacement) -> list[dict[str, Any]]:
        objects = f"{self._session.rest_path}/sobjects/{one.sobject}"
        key = quote(str(one.record[one.key_field]), safe="")
        body = {name: value for name, value in one.record.items() if name != one.key_field}
        return [
            {"method": "DELETE", "url": f"{objects}/{one.ended_id}", "referenceId": "ended"},
            {
                "method": "PATCH",
                "url": f"{objects}/{one.key_field}/{key}",
                "referenceId": "made",
                "body": body,
            },
        ]

    def _attempt_graphs(self, graphs: Sequence[list[dict[str, Any]]]) -> list[Saved]:
        named = [
            {"graphId": f"graph{place}", "compositeRequest": parts} for place, parts in enumerate(graphs)
        ]
        path = f"{self._session.rest_path}/composite/graph"
        told = self._session.attempt("POST", path, json={"graphs": named}).json()["graphs"]
        by_id = {one["graphId"]: one for one in told}
        return [_replaced(by_id[one["graphId"]]) for one in named]

    def _part(self, save: Save) -> dict[str, Any]:
        collections = f"{self._session.rest_path}/composite/sobjects"
        if save.operation is SaveAs.DELETE:
            ids = ",".join(str(record["Id"]) for record in save.records)
            return {"method": "DELETE", "url": f"{collections}?ids={ids}&allOrNone=false"}
        attributes = {"attributes": {"type": save.sobject}}
        body = {"allOrNone": False, "records": [attributes | dict(record) for record in save.records]}
        if save.operation is SaveAs.UPSERT:
            collections += f"/{save.sobject}/{save.key_field}"
        return {"method": "PATCH", "url": collections, "body": body}

    def _run(self, parts: Sequence[dict[str, Any]], most: int = PARTS) -> tuple[list[Any], datetime | None]:
        """The bodies of the answers, in the order of the parts, and when the org began with the first."""
        bodies: list[Any] = []
        began: list[datetime | None] = []
        for first in range(0, len(parts), most):
            some = [
                part | {"referenceId": f"part{first + place}"}
                for place, part in enumerate(parts[first : first + most])
            ]
            answered, moment = self._session.patience.call("POST /composite", partial(self._attempt, some))
            bodies += answered
            began.append(moment)
        return bodies, began[0] if began else None

    def _attempt(self, parts: Sequence[dict[str, Any]]) -> tuple[list[Any], datetime | None]:
        path = f"{self._session.rest_path}/composite"
        answer = self._session.attempt("POST", path, json={"allOrNone": False, "compositeRequest": parts})
        told = answer.json()["compositeResponse"]
        for part, one in zip(parts, told, strict=True):
            raise_for_part(str(part["method"]), int(one["httpStatusCode"]), one["body"])
        dated = moment_of(answer.headers.get("Date"))
        return [one["body"] for one in told], None if dated is None else dated - answer.elapsed

    def _all_pages(self, page: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while True:
            for record in page["records"]:
                yield _plain(record)
            if page["done"]:
                return
            page = self._session.request("GET", page["nextRecordsUrl"]).json()


def _rendered(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}"


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """Without `attributes`, also in the parents that a query names."""
    return {
        name: _plain(value) if isinstance(value, dict) else value
        for name, value in record.items()
        if name != "attributes"
    }


def _saved(save: Save, record: Mapping[str, Any], result: dict[str, Any]) -> Saved:
    record_id = result.get("id") or record.get("Id")
    if result["success"]:
        return Saved(record_id, created=bool(result.get("created")))
    first = result["errors"][0]
    if save.operation is SaveAs.DELETE and first["statusCode"] == "ENTITY_IS_DELETED":
        return Saved(record_id)
    return Saved(record_id, code=first["statusCode"], message=first["message"], fields=tuple(first["fields"]))


def _replaced(graph: dict[str, Any]) -> Saved:
    parts = {one["referenceId"]: one for one in graph["graphResponse"]["compositeResponse"]}
    if graph["isSuccessful"]:
        return Saved(parts["made"]["body"]["id"], created=bool(parts["made"]["body"]["created"]))
    errors = [error for one in parts.values() if isinstance(one["body"], list) for error in one["body"]]
    own = next((error for error in errors if error["errorCode"] != "PROCESSING_HALTED"), errors[0])
    return Saved(None, code=own["errorCode"], message=own["message"], fields=tuple(own.get("fields") or ()))
