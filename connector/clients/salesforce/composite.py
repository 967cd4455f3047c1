"""Many small reads and writes in few calls: sObject Collections and queries inside composite requests.

Limits: 25 parts a request, 5 of them queries or collections; 200 records a collection. Source: REST API
guide, "Composite" and "sObject Collections".
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from connector.clients.salesforce.answers import raise_for_part
from connector.clients.salesforce.session import SalesforceSession
from connector.errors import CountsDisagree
from connector.model.saved import Save, SaveAs, Saved

PARTS = 5
RECORDS = 200


class Composite:
    """Composite requests on one session; each is repeated as a whole where a part of it may pass later."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session

    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> list[list[dict[str, Any]]]:
        """The records of each query, all pages, without their `attributes`.

        With `deleted`, those in the bin too. Raises RequestRefused for a query that is refused.
        """
        name = "queryAll" if deleted else "query"
        parts = [
            {"method": "GET", "url": f"{self._session.rest_path}/{name}?{urlencode({'q': one})}"}
            for one in soql
        ]
        return [list(self._all_pages(answer)) for answer in self._run(parts)]

    def save(self, saves: Sequence[Save]) -> list[list[Saved]]:
        """Write one after another; what became of each record, in its order.

        Raises CountsDisagree where Salesforce answers for another number of records.
        """
        answers = self._run([self._part(one) for one in saves])
        told = []
        for one, answer in zip(saves, answers, strict=True):
            if len(answer) != len(one.records):
                raise CountsDisagree(
                    f"{len(one.records)} records of {one.sobject} were sent, and {len(answer)} answered for."
                )
            told.append([_saved(one, *pair) for pair in zip(one.records, answer, strict=True)])
        return told

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

    def _run(self, parts: Sequence[dict[str, Any]]) -> list[Any]:
        """The bodies of the answers, in the order of the parts."""
        bodies: list[Any] = []
        for first in range(0, len(parts), PARTS):
            some = [
                part | {"referenceId": f"part{first + place}"}
                for place, part in enumerate(parts[first : first + PARTS])
            ]
            bodies += self._session.patience.call("POST /composite", partial(self._attempt, some))
        return bodies

    def _attempt(self, parts: Sequence[dict[str, Any]]) -> list[Any]:
        path = f"{self._session.rest_path}/composite"
        answer = self._session.attempt("POST", path, json={"allOrNone": False, "compositeRequest": parts})
        told = answer.json()["compositeResponse"]
        for part, one in zip(parts, told, strict=True):
            raise_for_part(str(part["method"]), int(one["httpStatusCode"]), one["body"])
        return [one["body"] for one in told]

    def _all_pages(self, page: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while True:
            for record in page["records"]:
                yield _plain(record)
            if page["done"]:
                return
            page = self._session.request("GET", page["nextRecordsUrl"]).json()


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
