"""What else would react to the load: active triggers and record-triggered flows that aren't ours.

Looked up by preflight; nobody but a person can say whether they may run during the load, so each is attested.
Source: Tooling API guide, ApexTrigger; Object reference, FlowDefinitionView.
"""

from collections.abc import Iterator, Mapping, Sequence

from connector.errors import ConnectorError
from connector.mapping.vocabulary import EntitySpec
from connector.model.finding import Finding, Severity
from connector.sync.ports import SalesforceOrg

OWN_TRIGGERS = frozenset(
    {
        "GentrackAccountTrigger",
        "GentrackContactTrigger",
        "GentrackAccountContactRelationTrigger",
        "GentrackOrderItemTrigger",
    }
)
"""The triggers of `salesforce/`: the outage window switches them off."""
_TODO = "Make sure that it may run for every loaded row, or switch it off for the time of the window."
_CUSTOM_OBJECT = "01I"
"""Key prefix by which a trigger names its custom object."""


def automation_findings(entities: Sequence[EntitySpec], org: SalesforceOrg) -> Iterator[Finding]:
    """One finding for each trigger and flow of the objects that are loaded, by name."""
    objects = {spec.salesforce_object for spec in entities}
    for look in (_triggers, _flows):
        try:
            yield from look(objects, org)
        except ConnectorError as error:
            yield _attest(
                "automation",
                f"Other triggers and flows can't be looked up: {error.message}",
                "Look in Setup for active triggers and record-triggered flows on the loaded objects.",
            )


def _triggers(objects: set[str], org: SalesforceOrg) -> Iterator[Finding]:
    active = org.tooling_query(
        "SELECT Name, NamespacePrefix, TableEnumOrId FROM ApexTrigger WHERE Status = 'Active' ORDER BY Name"
    )
    custom = _custom_objects(org) if any(_is_custom(row) for row in active) else {}
    for row in active:
        sobject = custom.get(row["TableEnumOrId"][:15], row["TableEnumOrId"])
        package = row["NamespacePrefix"]
        if sobject in objects and (package or row["Name"] not in OWN_TRIGGERS):
            name = f"{package}.{row['Name']}" if package else row["Name"]
            yield _attest(f"trigger {name}", f"It is active on {sobject}.", _TODO)


def _flows(objects: set[str], org: SalesforceOrg) -> Iterator[Finding]:
    active = org.tooling_query(
        "SELECT ApiName, TriggerType, TriggerObjectOrEventId FROM FlowDefinitionView"
        " WHERE IsActive = true AND TriggerType IN ('RecordBeforeSave', 'RecordAfterSave') ORDER BY ApiName"
    )
    custom = _custom_objects(org) if any(_is_custom_flow(row) for row in active) else {}
    for row in active:
        where = row["TriggerObjectOrEventId"] or ""
        sobject = custom.get(where[:15], where)
        if sobject in objects:
            moment = "before" if row["TriggerType"] == "RecordBeforeSave" else "after"
            what = f"It is active on {sobject}, {moment} each save."
            yield _attest(f"flow {row['ApiName']}", what, _TODO)


def _custom_objects(org: SalesforceOrg) -> dict[str, str]:
    """Id of 15 characters -> API name."""
    rows = org.tooling_query("SELECT Id, DeveloperName, NamespacePrefix FROM CustomObject")
    return {
        row["Id"][:15]: "__".join(
            part for part in (row["NamespacePrefix"], row["DeveloperName"], "c") if part
        )
        for row in rows
    }


def _is_custom(row: Mapping[str, str]) -> bool:
    return row["TableEnumOrId"].startswith(_CUSTOM_OBJECT)


def _is_custom_flow(row: Mapping[str, str | None]) -> bool:
    return (row["TriggerObjectOrEventId"] or "").startswith(_CUSTOM_OBJECT)


def _attest(where: str, what: str, todo: str) -> Finding:
    return Finding(Severity.ATTEST, where, what, todo)
