"""Preflight's queries against an org over HTTP: what they ask for is there, and what is set up is found."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.clients.gentrack.api import GentrackApi
from connector.clients.salesforce.org import Org
from connector.entities import registry
from connector.instance import Instance
from connector.model.finding import Finding, Severity
from connector.store.staging import FolderStaging
from connector.sync.preflight import Subject, preflight
from deployments.sandbox_process import Sandbox


@pytest.fixture
def set_up(contract_sandbox: Sandbox) -> Iterator[Callable[..., str]]:
    """Makes a record of Setup in the org; returns its id."""
    url = contract_sandbox.salesforce.url

    def make(sobject: str, **values: Any) -> str:
        answer = httpx.post(f"{url}/sandbox/setup", json={"object": sobject, "values": values})
        return str(answer.raise_for_status().json()["id"])

    yield make
    httpx.delete(f"{url}/sandbox/setup").raise_for_status()


@pytest.fixture
def look(org: Org, api: GentrackApi, instance: Instance, tmp_path: Path) -> Callable[..., list[Finding]]:
    def preflight_of(**changed: Any) -> list[Finding]:
        described = instance.model_copy(update=changed)
        staging = FolderStaging(tmp_path / "staging")
        return preflight(Subject(described, registry(), api, org, None, staging, tmp_path / "reports"))

    return preflight_of


def test_an_org_with_our_package_needs_no_word_of_anybody(look: Callable[..., list[Finding]]) -> None:
    findings = look()
    assert [f.where for f in findings if f.severity is not Severity.NOTE] == ["event publishing"]
    told = {finding.where: finding.what for finding in findings}
    assert told["org"] == "It is Aroha Energy, Enterprise Edition, not a sandbox."
    assert told["volumes"].startswith("Records in Gentrack / in Salesforce: account ? / ")


def test_what_is_set_up_in_the_org_is_found(
    look: Callable[..., list[Finding]], set_up: Callable[..., str], contract_sandbox: Sandbox
) -> None:
    rules = f"{contract_sandbox.salesforce.url}/sandbox/validation-rules"
    for sobject in ("Contact", "Service_Point__c"):
        body = {"object": sobject, "name": "Named", "condition": "Name = 'nobody'", "message": "No."}
        httpx.post(rules, json=body).raise_for_status()
    set_up("DuplicateRule", DeveloperName="Same_Person", SobjectType="Contact", IsActive=True)
    set_up("DuplicateRule", DeveloperName="Old", SobjectType="Account", IsActive=False)
    set_up(
        "FlowDefinitionView",
        ApiName="Greet",
        IsActive=True,
        ProcessType="AutoLaunchedFlow",
        TriggerType="RecordAfterSave",
        TriggerObjectOrEventId="Account",
    )
    set_up("WorkflowRule", Name="Remind", TableEnumOrId="Order")
    set_up("EntityDefinition", QualifiedApiName="Account", InternalSharingModel="Private")
    try:
        findings = look()
    finally:
        httpx.delete(rules).raise_for_status()
    assert {f.where: _shortened(f.what) for f in findings if f.severity is Severity.ATTEST} == {
        "event publishing": "Gentrack's event publishing",
        "record access of Account": "Its org-wide default is Private, and",
        "duplicate rules of Contact": "1 is active",
        "validation rules of Contact": "1 is active",
        "validation rules of Service_Point__c": "1 is active",
        "flows of Account": "1 are active",
        "workflow rules of Order": "1 are there, active or not",
    }


def test_owners_are_looked_up_by_name(look: Callable[..., list[Finding]], set_up: Callable[..., str]) -> None:
    person = {"LastName": "P", "Email": "p@x.nz", "Alias": "p", "CommunityNickname": "p"}
    set_up("User", Username="Pat@x.nz", IsActive=True, **person)
    set_up("User", Username="gone@x.nz", IsActive=False, **person)
    meters = set_up("Group", Name="Meters", DeveloperName="Meters", Type="Queue")
    set_up("QueueSobject", QueueId=meters, SobjectType="Service_Point__c")
    owners = {
        "default": "pat@x.nz",
        "rules": [
            {"owner": "gone@x.nz", "state": ["NSW"]},
            {"owner": "nobody@x.nz", "state": ["VIC"]},
            {"owner": "Meters", "state": ["QLD"]},
        ],
        "objects": {"service_point": "Meters"},
    }
    instance = Instance.model_validate(
        {
            "id": "1",
            "name": "-",
            "salesforce": {"url": "https://x"},
            "gentrack": {"url": "https://x"},
            "owners": owners,
        }
    )
    findings = look(owners=instance.owners)
    assert [(f.where, f.what) for f in findings if f.severity is Severity.BLOCKING] == [
        ("owner gone@x.nz", "The user is not active."),
        ("owner nobody@x.nz", "The org has no such user."),
        ("owner Meters", "Account records can't belong to this queue."),
    ]


def _shortened(what: str) -> str:
    """The beginning of a finding's text, up to what is named or explained."""
    for end in (":", " has to", " the integration user"):
        what = what.partition(end)[0]
    return what
