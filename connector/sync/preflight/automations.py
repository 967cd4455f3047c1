"""What else would react to the load: active triggers, flows, processes and workflow rules that aren't ours.

Nobody but a person can say whether they may run during the load. They are named, and attested object by
object, so that an org with many of them asks for few words.
Source: Tooling API guide, ApexTrigger, WorkflowRule; Object reference, FlowDefinitionView.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from connector.model.finding import Finding
from connector.sync.preflight.check import attest
from connector.sync.preflight.custom_objects import object_names
from connector.sync.preflight.subject import Subject

OWN_TRIGGERS = frozenset(
    {
        "GentrackAccountTrigger",
        "GentrackContactTrigger",
        "GentrackAccountContactRelationTrigger",
        "GentrackOrderItemTrigger",
    }
)
"""The triggers of `salesforce/`: the outage window switches them off."""
_WHAT_TO_DO = "Make sure that each may run for every loaded row, or switch it off for the time of the window."
_MOMENTS = {
    "RecordBeforeSave": "before each save",
    "RecordAfterSave": "after each save",
    "RecordBeforeDelete": "before each deletion",
}
_PROCESS = "Workflow"
"""The type of what Process Builder made; `InvocableProcess` runs only where another process calls it."""


def triggers(subject: Subject) -> Iterator[Finding]:
    """Active Apex triggers of the loaded objects, but for our own."""
    active = subject.salesforce.tooling_query(
        "SELECT Name, NamespacePrefix, TableEnumOrId FROM ApexTrigger WHERE Status = 'Active' ORDER BY Name"
    )
    named = object_names(subject.salesforce, (row["TableEnumOrId"] for row in active))
    yield from _by_object(
        "triggers",
        subject.objects,
        (
            (named[row["TableEnumOrId"]], _full_name(row["Name"], row["NamespacePrefix"]))
            for row in active
            if row["NamespacePrefix"] or row["Name"] not in OWN_TRIGGERS
        ),
    )


def flows(subject: Subject) -> Iterator[Finding]:
    """Active record-triggered flows of the loaded objects, and active processes of Process Builder.

    A process names no object in this view, so each is told, whatever it is about.
    """
    active = subject.salesforce.query(
        "SELECT ApiName, ProcessType, TriggerType, TriggerObjectOrEventId FROM FlowDefinitionView"
        " WHERE IsActive = true ORDER BY ApiName"
    )
    triggered = [row for row in active if row["TriggerType"] in _MOMENTS]
    named = object_names(subject.salesforce, (row["TriggerObjectOrEventId"] for row in triggered))
    yield from _by_object(
        "flows",
        subject.objects,
        (
            (named[row["TriggerObjectOrEventId"]], f"{row['ApiName']} ({_MOMENTS[row['TriggerType']]})")
            for row in triggered
        ),
    )
    processes = [row["ApiName"] for row in active if row["ProcessType"] == _PROCESS]
    if processes:
        what = f"They are active, and the org doesn't say on which objects: {', '.join(processes)}."
        yield attest("processes of Process Builder", what, _WHAT_TO_DO)


def workflow_rules(subject: Subject) -> Iterator[Finding]:
    """Workflow rules of the loaded objects; whether one is active is no column of a list."""
    known = subject.salesforce.tooling_query(
        "SELECT Name, NamespacePrefix, TableEnumOrId FROM WorkflowRule ORDER BY Name"
    )
    named = object_names(subject.salesforce, (row["TableEnumOrId"] for row in known))
    yield from _by_object(
        "workflow rules",
        subject.objects,
        ((named[row["TableEnumOrId"]], _full_name(row["Name"], row["NamespacePrefix"])) for row in known),
        verb="are there, active or not",
    )


def _full_name(name: str, package: str | None) -> str:
    return f"{package}.{name}" if package else name


def _by_object(
    kind: str, objects: Iterable[str], found: Iterable[tuple[str, str]], verb: str = "are active"
) -> Iterator[Finding]:
    """One finding for each loaded object that has some."""
    by_object: dict[str, list[str]] = defaultdict(list)
    for sobject, name in found:
        by_object[sobject].append(name)
    for sobject in objects:
        if names := by_object.get(sobject):
            yield attest(f"{kind} of {sobject}", f"{len(names):,} {verb}: {', '.join(names)}.", _WHAT_TO_DO)
