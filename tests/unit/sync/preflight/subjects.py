"""An instance to look at, with an org, a tenant and a machine as a test needs them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from connector.errors import ConnectorError
from connector.instance import Instance
from connector.mapping.vocabulary import EntitySpec
from connector.model.describe import ObjectDescribe
from connector.model.finding import Finding, Severity
from connector.store.staging import FolderStaging
from connector.sync.preflight import Subject
from connector.sync.run_record import RUN_FIELDS, RUN_OBJECT
from connector.sync.switches import BYPASS, SETTING
from tests.unit.mapping.mapping_columns import field_describe
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.people import people
from tests.unit.sync.setting_twin import EventsTwin


class Tenant:
    """A Gentrack tenant that answers, or doesn't; it counts what it is told to have."""

    def __init__(self, failure: ConnectorError | None = None, counts: dict[str, int] | None = None) -> None:
        self._failure = failure
        self._counts = counts or {}

    def check(self) -> None:
        if self._failure:
            raise self._failure

    def now(self) -> datetime:
        return datetime.now(UTC)

    def changed(
        self, resource: str, row_type: pa.StructType, since: datetime, ids: Sequence[int]
    ) -> Iterator[pa.Table]:
        raise NotImplementedError

    def lacking(self, resource: str, column: str, values: Sequence[str]) -> list[str]:
        raise NotImplementedError

    def count(self, resource: str, /) -> int | None:
        return self._counts.get(resource)

    def pages(self, resource: str, row_type: pa.StructType) -> Iterator[pa.Table]:
        raise NotImplementedError


class Postbox:
    """A mail server that greets, or doesn't."""

    def __init__(self, failure: ConnectorError | None = None) -> None:
        self._failure = failure

    def check(self) -> None:
        if self._failure:
            raise self._failure

    def send(self, message: EmailMessage) -> Sequence[str]:
        raise NotImplementedError


def instance(**sections: Any) -> Instance:
    """An instance with an email recipient."""
    return Instance.model_validate(
        {
            "id": "61668309",
            "name": "A retailer",
            "salesforce": {"url": "https://retailer.my.salesforce.com"},
            "gentrack": {"url": "https://gentrack.example"},
            "email": {"recipients": ["a@x.nz"]},
        }
        | sections
    )


def ready_org() -> OrgTwin:
    """An org with our package."""
    org = OrgTwin()
    org.moment = datetime.now(UTC)
    fields = {name: field_describe(name=name) for name in RUN_FIELDS}
    org.described[RUN_OBJECT] = ObjectDescribe(RUN_OBJECT, createable=True, updateable=True, fields=fields)
    bypass = {BYPASS: field_describe(name=BYPASS)}
    org.described[SETTING] = ObjectDescribe(SETTING, createable=True, updateable=True, fields=bypass)
    return org


def subject(org: OrgTwin, folder: Path, **changed: Any) -> Subject:
    """What preflight looks at, with nothing against a run."""
    entities: Sequence[EntitySpec] = people()
    known: dict[str, Any] = {
        "instance": instance(),
        "entities": entities,
        "gentrack": Tenant(counts={"accounts": 10, "customers": 12, "accountCustomers": 13}),
        "salesforce": org,
        "events": EventsTwin([]),
        "staging": FolderStaging(folder / "staging"),
        "reports": folder / "reports",
        "mailer": Postbox(),
    }
    return Subject(**(known | changed))


class Look(Protocol):
    """What preflight finds, but for mere notes unless they are asked for."""

    def __call__(self, org: OrgTwin, *, notes: bool = False, **changed: Any) -> list[Finding]: ...


def change(org: OrgTwin, sobject: str, name: str, **changed: Any) -> None:
    """Change attributes of a field; a field that is not there is added."""
    described = org.described[sobject]
    field = described.fields.get(name) or field_describe(name=name)
    fields = {**described.fields, name: replace(field, **changed)}
    org.described[sobject] = replace(described, fields=fields)


def hide(org: OrgTwin, sobject: str, name: str) -> None:
    """Take a field out of describe."""
    described = org.described[sobject]
    fields = {known: field for known, field in described.fields.items() if known != name}
    org.described[sobject] = replace(described, fields=fields)


def told(findings: list[Finding]) -> list[tuple[Severity, str]]:
    """Severity and place of each finding."""
    return [(finding.severity, finding.where) for finding in findings]
