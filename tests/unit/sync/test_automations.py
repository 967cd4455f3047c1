"""What else would react to the load is named, and only that."""

from typing import Any

import pytest

from connector.entities import registry
from connector.errors import RequestRefused
from connector.model.finding import Severity
from connector.sync.automations import OWN_TRIGGERS, automation_findings
from tests.deployments.test_examples import PROJECT
from tests.unit.sync.org_twin import OrgTwin


def trigger(name: str, sobject: str, package: str | None = None) -> dict[str, Any]:
    return {"Name": name, "TableEnumOrId": sobject, "NamespacePrefix": package}


def flow(name: str, where: str | None, moment: str = "RecordAfterSave") -> dict[str, Any]:
    return {"ApiName": name, "TriggerObjectOrEventId": where, "TriggerType": moment}


def found(org: OrgTwin) -> list[tuple[str, str]]:
    findings = list(automation_findings(registry(), org))
    assert all(finding.severity is Severity.ATTEST and finding.todo for finding in findings)
    return [(finding.where, finding.what) for finding in findings]


def test_our_own_triggers_are_those_of_the_source() -> None:
    source = PROJECT / "salesforce" / "force-app" / "main" / "default" / "triggers"
    assert {file.stem for file in source.glob("*.trigger")} == OWN_TRIGGERS


def test_only_other_triggers_and_flows_of_loaded_objects_are_named() -> None:
    org = OrgTwin()
    org.code["ApexTrigger"] = [
        trigger("GentrackAccountTrigger", "Account"),
        trigger("GentrackAccountTrigger", "Account", "copy"),
        trigger("RoundUp", "Contact"),
        trigger("Leads", "Lead"),
        trigger("Points", "01I5g000000AbCdEAK"),
        trigger("Another", "01I5g000000ZzzzEAK"),
    ]
    org.code["FlowDefinitionView"] = [
        flow("Welcome", "Contact", "RecordBeforeSave"),
        flow("Meters", "01I5g000000AbCd"),
        flow("Screen", None),
    ]
    org.code["CustomObject"] = [
        {"Id": "01I5g000000AbCdEAK", "DeveloperName": "Service_Point", "NamespacePrefix": None}
    ]
    assert found(org) == [
        ("trigger copy.GentrackAccountTrigger", "It is active on Account."),
        ("trigger RoundUp", "It is active on Contact."),
        ("trigger Points", "It is active on Service_Point__c."),
        ("flow Welcome", "It is active on Contact, before each save."),
        ("flow Meters", "It is active on Service_Point__c, after each save."),
    ]


def test_an_org_that_does_not_show_its_code_is_looked_at_by_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(soql: str) -> list[dict[str, Any]]:
        raise RequestRefused("Salesforce refused GET /tooling/query.", status=400, code="INVALID_TYPE")

    org = OrgTwin()
    monkeypatch.setattr(org, "tooling_query", refuse)
    assert (
        found(org)
        == [
            (
                "automation",
                "Other triggers and flows can't be looked up: Salesforce refused GET /tooling/query.",
            )
        ]
        * 2
    )
