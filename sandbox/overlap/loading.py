"""Loads the cases of overlap into an org, as any client would: signed in, by Bulk API 2.0 insert jobs."""

import csv
import io
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx

from sandbox.overlap.cases import Fields, OverlapCase

_API = "/services/data/v62.0"
_KEY = "Description"
_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 600.0


class OverlapError(Exception):
    """The org did not take the records."""


@dataclass(frozen=True)
class LoadedCase:
    """A case and the Salesforce ids that its records got."""

    case: OverlapCase
    account_ids: list[str]
    contact_ids: list[str]

    def as_json(self) -> dict[str, Any]:
        """The truth about the case, for whoever checks what a connector made of it."""
        return {
            "kind": self.case.kind.value,
            "account_number": self.case.account_number,
            "customer_number": self.case.customer_number,
            "account_ids": self.account_ids,
            "contact_ids": self.contact_ids,
        }


def load_overlap(salesforce: dict[str, str], cases: Iterable[OverlapCase]) -> list[LoadedCase]:
    """Insert the records of all cases; `salesforce` has url, client_id and client_secret of the org.

    Raises `OverlapError` if the org can't be reached or refuses a job or a row of it.
    """
    try:
        return _load(salesforce, list(cases))
    except httpx.TransportError as error:
        raise OverlapError(f"the org can't be reached: {error!r}") from error


def _load(salesforce: dict[str, str], known: list[OverlapCase]) -> list[LoadedCase]:
    with httpx.Client(base_url=salesforce["url"], timeout=60) as client:
        _sign_in(client, salesforce)
        accounts = {
            _key("account", turn, copy): fields
            for turn, case in enumerate(known)
            for copy, fields in enumerate(case.accounts)
        }
        account_ids = _insert(client, "Account", accounts)
        contacts = {
            _key("contact", turn, copy): fields | {"AccountId": account_ids[_key("account", turn, 0)]}
            for turn, case in enumerate(known)
            for copy, fields in enumerate(case.contacts)
        }
        contact_ids = _insert(client, "Contact", contacts)
    return [
        LoadedCase(
            case,
            [account_ids[_key("account", turn, copy)] for copy in range(len(case.accounts))],
            [contact_ids[_key("contact", turn, copy)] for copy in range(len(case.contacts))],
        )
        for turn, case in enumerate(known)
    ]


def _key(noun: str, case: int, copy: int) -> str:
    """What stands in the record's description, and tells result rows apart: they come in no order."""
    return f"Imported from the old system: {noun} {case}.{copy}"


def _sign_in(client: httpx.Client, salesforce: dict[str, str]) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": salesforce["client_id"],
        "client_secret": salesforce["client_secret"],
    }
    token = _ok(client.post("/services/oauth2/token", data=form)).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"


def _insert(client: httpx.Client, sobject: str, rows: dict[str, Fields]) -> dict[str, str]:
    """Insert rows given by their keys in one job; returns key -> Salesforce id."""
    if not rows:
        return {}
    wanted = {"object": sobject, "operation": "insert", "contentType": "CSV", "lineEnding": "LF"}
    job = _ok(client.post(f"{_API}/jobs/ingest", json=wanted)).json()
    path = f"{_API}/jobs/ingest/{job['id']}"
    _ok(client.put(f"{path}/batches", content=_csv(rows), headers={"Content-Type": "text/csv"}))
    _ok(client.patch(path, json={"state": "UploadComplete"}))
    done = _wait(client, path)
    if done["state"] != "JobComplete" or done["numberRecordsFailed"]:
        failed = client.get(f"{path}/failedResults").text[:1_000]
        raise OverlapError(f"{sobject}: {done['state']}, {done.get('errorMessage', '')}\n{failed}")
    results = csv.DictReader(io.StringIO(_ok(client.get(f"{path}/successfulResults")).text))
    return {row[_KEY]: row["sf__Id"] for row in results}


def _csv(rows: dict[str, Fields]) -> bytes:
    columns = next(iter(rows.values())).keys()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_KEY, *columns])
    writer.writerows([key, *(fields[column] for column in columns)] for key, fields in rows.items())
    return text.getvalue().encode()


def _wait(client: httpx.Client, path: str) -> dict[str, Any]:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        job: dict[str, Any] = _ok(client.get(path)).json()
        if job["state"] in {"JobComplete", "Failed", "Aborted"}:
            return job
        time.sleep(_POLL_SECONDS)
    raise OverlapError("the org did not finish a job in time")


def _ok(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise OverlapError(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
        )
    return answer
