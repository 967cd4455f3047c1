"""simple-salesforce as its users make it: a token, an address, a session that trusts the org's authority."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest
import requests
from simple_salesforce import Salesforce, SFType
from simple_salesforce.bulk2 import ColumnDelimiter, SFBulk2Type
from simple_salesforce.exceptions import SalesforceError

from deployments.sandbox_process import SandboxSalesforce

VERSION = "60.0"
DELIMITERS = {
    ColumnDelimiter.BACKQUOTE: "`",
    ColumnDelimiter.COMMA: ",",
    ColumnDelimiter.PIPE: "|",
    ColumnDelimiter.SEMICOLON: ";",
    ColumnDelimiter.TAB: "\t",
}
KEY = "Gentrack_External_Id__c"
AWKWARD = "Pōneke \"Power\" & Söhne, né 電力 \u2028 'x'\nLtd\ttab"


def trusting(org: SandboxSalesforce) -> requests.Session:
    """A session that verifies the org by its own authority alone, whatever the environment says of others."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(org.ca_file)
    return session


def connected(org: SandboxSalesforce, version: str = VERSION) -> Salesforce:
    """A client with a session of its own in the org."""
    session = trusting(org)
    form = {
        "grant_type": "client_credentials",
        "client_id": org.client_id,
        "client_secret": org.client_secret.get_secret_value(),
    }
    token = session.post(f"{org.tls_url}/services/oauth2/token", data=form).json()
    return Salesforce(
        instance_url=token["instance_url"],
        session_id=token["access_token"],
        session=session,
        version=version,
        object_pairs_hook=dict,
    )


def connected_at(sf: Salesforce, version: str) -> Salesforce:
    """The same session in another version of the API."""
    return Salesforce(instance=sf.sf_instance, session_id=sf.session_id, session=sf.session, version=version)


def records_of(sf: Salesforce, name: str) -> SFType:
    """The REST side of an object: `sf.<name>`."""
    return cast("SFType", getattr(sf, name))


def posted(sf: Salesforce, path: str, body: dict[str, Any]) -> Any:
    """What the org answers to a POST of `body`."""
    return sf.restful(path, method="POST", json=body)


def jobs_of(sf: Salesforce, name: str) -> SFBulk2Type:
    """The Bulk 2.0 side of an object: `sf.bulk2.<name>`."""
    return cast("SFBulk2Type", getattr(sf.bulk2, name))


def rows_of(text: str | int, delimiter: ColumnDelimiter = ColumnDelimiter.COMMA) -> list[dict[str, str]]:
    """The rows of a file of results; the client's annotations call a page of them `str | int`."""
    return list(csv.DictReader(io.StringIO(str(text), newline=""), delimiter=DELIMITERS[delimiter]))


@dataclass(frozen=True)
class Loaded:
    """An ingest job that has ended, and what it says of every row."""

    processed: int
    failed_count: int
    successful: list[dict[str, str]]
    failed: list[dict[str, str]]
    unprocessed: list[dict[str, str]]


def loaded(
    sent: Sequence[Mapping[str, Any]], sf: Salesforce, delimiter: ColumnDelimiter = ColumnDelimiter.COMMA
) -> Loaded:
    """The one job that a load consisted of."""
    (job,) = sent
    results = jobs_of(sf, "Account")
    return Loaded(
        job["numberRecordsProcessed"],
        job["numberRecordsFailed"],
        rows_of(results.get_successful_records(job["job_id"]), delimiter),
        rows_of(results.get_failed_records(job["job_id"]), delimiter),
        rows_of(results.get_unprocessed_records(job["job_id"]), delimiter),
    )


def answered(kind: type[SalesforceError], call: Callable[[], Any]) -> list[Any]:
    """The body of an answer that the client raises."""
    with pytest.raises(kind) as raised:
        call()
    return cast("list[Any]", raised.value.content)


def refused(kind: type[SalesforceError], call: Callable[[], Any]) -> dict[str, Any]:
    """The one error of an answer that the client raises."""
    (error,) = answered(kind, call)
    return dict(error)
