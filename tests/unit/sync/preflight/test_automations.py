"""What else would react to the load is named, and only that."""

from typing import Any

from connector.entities import entity
from connector.mapping.vocabulary import EntitySpec
from connector.model.finding import Severity
from connector.sync.preflight.automations import OWN_TRIGGERS
from tests.deployments.test_examples import PROJECT
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.people import people
from tests.unit.sync.preflight.subjects import Look
from tests.unit.sync.sync_describe import described


def trigger(name: str, sobject: str, package: str | None = None) -> dict[str, Any]:
    return {"Name": name, "TableEnumOrId": sobject, "NamespacePrefix": package}


def flow(
    name: str, where: str | None, moment: str | None = "RecordAfterSave", process: str = "AutoLaunchedFlow"
) -> dict[str, Any]:
    return {
        "ApiName": name,
        "TriggerObjectOrEventId": where,
        "TriggerType": moment,
        "ProcessType": process,
    }


def test_our_own_triggers_are_those_of_the_source() -> None:
    source = PROJECT / "salesforce" / "force-app" / "main" / "default" / "triggers"
    assert {file.stem for file in source.glob("*.trigger")} == OWN_TRIGGERS


def test_only_other_automation_of_loaded_objects_is_named_and_attested_by_object(
    org: OrgTwin, found: Look
) -> None:
    org.code["ApexTrigger"] = [
        trigger("GentrackAccountTrigger", "Account"),
        trigger("GentrackAccountTrigger", "Account", "copy"),
        trigger("Another", "Account"),
        trigger("RoundUp", "Contact"),
        trigger("Leads", "Lead"),
        trigger("Points", "01I5g000000AbCdEAK"),
        trigger("Unknown", "01I5g000000ZzzzEAK"),
    ]
    org.setup.by_object["FlowDefinitionView"] = [
        flow("Welcome", "Contact", "RecordBeforeSave"),
        flow("Meters", "01I5g000000AbCd"),
        flow("Screen", None, None),
        flow("Old_Process", None, None, process="Workflow"),
    ]
    org.code["WorkflowRule"] = [trigger("Remind", "Account")]
    org.code["CustomObject"] = [
        {"Id": "01I5g000000AbCdEAK", "DeveloperName": "Service_Point", "NamespacePrefix": None}
    ]
    findings = found(org, entities=registry_of(org))
    assert all(finding.severity is Severity.ATTEST for finding in findings)
    assert [(finding.where, finding.what) for finding in findings] == [
        ("triggers of Account", "2 are active: copy.GentrackAccountTrigger, Another."),
        ("triggers of Contact", "1 are active: RoundUp."),
        ("triggers of Service_Point__c", "1 are active: Points."),
        ("flows of Contact", "1 are active: Welcome (before each save)."),
        ("flows of Service_Point__c", "1 are active: Meters (after each save)."),
        (
            "processes of Process Builder",
            "They are active, and the org doesn't say on which objects: Old_Process.",
        ),
        ("workflow rules of Account", "1 are there, active or not: Remind."),
    ]


def registry_of(org: OrgTwin) -> tuple[EntitySpec, ...]:
    """People and service points."""
    point = entity("service_point")
    org.described[point.salesforce_object] = described(point)
    return (*people(), point)
