"""Preflight: everything that would make the run fail later, in one list, each with what to do.

A theme is a module; a check is a function in it that yields findings, and a line in the tables below.
"""

from connector.model.finding import Finding, Side
from connector.sync.preflight import (
    automations,
    capacity,
    clock,
    listening,
    machine,
    objects,
    owners,
    permissions,
    picklists,
    rules,
    sign_in,
    switches,
    variants,
)
from connector.sync.preflight.check import Check, findings_of
from connector.sync.preflight.subject import LedgerView, Subject

__all__ = ["SYSTEMS", "Check", "LedgerView", "Subject", "preflight", "reactions"]

SYSTEMS = (Side.GENTRACK.value, Side.SALESFORCE.value)
"""Where a finding is that means: this side can't be read at all."""

CONNECTOR_CHECKS = (
    Check("staging", machine.staging, "See that the staging folder can be written and has room."),
    Check("reports", machine.reports, "See that the folder of reports can be written."),
    Check("windows", machine.windows, "See that no other run is under way on this org."),
    Check("email", machine.email, "Send yourself an email through the server that is set."),
)
REACTIONS_OF_GENTRACK = (
    Check("event publishing", switches.events, "See in Gentrack whether events are published."),
)
REACTIONS_OF_SALESFORCE = (
    Check("triggers", automations.triggers, "Look at Setup, Apex Triggers, on the loaded objects."),
    Check("flows", automations.flows, "Look at Setup, Flows: record-triggered ones, and processes."),
    Check("workflow rules", automations.workflow_rules, "Look at Setup, Workflow Rules."),
    Check("our triggers", switches.triggers, "Look at the custom setting Gentrack Connector Settings."),
)
GENTRACK_CHECKS = (
    Check("clock of Gentrack", clock.of_gentrack, "Compare the machine's clock with Gentrack's."),
    *REACTIONS_OF_GENTRACK,
)
SALESFORCE_CHECKS = (
    Check("API version", clock.api_version, "See in Setup, API, which version the org has."),
    Check("clock", clock.of_salesforce, "Compare the machine's clock with the true time."),
    Check("objects", objects.objects, "Look at the objects and fields of docs/mapping.md in Setup."),
    Check("anchors", objects.anchors, "See that the standard price book is active."),
    Check("org", variants.edition, "Look at Setup, Company Information."),
    Check("org features", variants.features, "Look for person accounts and multiple currencies in Setup."),
    Check("record types", variants.record_types, "Look at the record types of the loaded objects."),
    Check("report", objects.run_record, "See that the object Gentrack_Sync_Run__c is there."),
    Check(
        "user permissions",
        permissions.user_permissions,
        "Look at the integration user's profile and permission sets: activate orders and contracts, API.",
    ),
    Check(
        "record access",
        permissions.record_access,
        "Look at Setup, Sharing Settings: the integration user must see and edit every record it loads.",
    ),
    Check("delete", permissions.delete, "See that the integration user may delete what it creates."),
    Check("owners", owners.owners, "See that the users and queues of [owners] are there and active."),
    Check("owner skew", owners.skew, "Count how many records each owner will have."),
    Check("picklists", picklists.static_values, "Compare the picklists with docs/mapping.md."),
    Check("duplicate rules", rules.duplicate_rules, "Look at Setup, Duplicate Rules."),
    Check("validation rules", rules.validation_rules, "Look at the validation rules of each loaded object."),
    *REACTIONS_OF_SALESFORCE,
    Check("events", listening.channels, "Look at Setup, Change Data Capture."),
    Check("volumes", capacity.volumes, "Make a plan: it counts what there is to load."),
    Check("limits", capacity.limits, "Look at Setup, System Overview: API requests, storage."),
    Check("estimate", capacity.estimate, "Make a plan: it says what a migration takes."),
)


def preflight(subject: Subject) -> list[Finding]:
    """Look at both sides and at what the run stands on; one side's failure does not hide another's."""
    return [
        *_side(subject, Side.GENTRACK, sign_in.gentrack(subject), GENTRACK_CHECKS),
        *_side(subject, Side.SALESFORCE, sign_in.salesforce(subject), SALESFORCE_CHECKS),
        *findings_of(subject, Side.CONNECTOR, CONNECTOR_CHECKS),
    ]


def reactions(subject: Subject) -> list[Finding]:
    """What would react to writing, and the switches against it: all that an undo has to look at besides."""
    return [
        *findings_of(subject, Side.GENTRACK, REACTIONS_OF_GENTRACK),
        *findings_of(subject, Side.SALESFORCE, REACTIONS_OF_SALESFORCE),
    ]


def _side(subject: Subject, side: Side, stranger: Finding | None, checks: tuple[Check, ...]) -> list[Finding]:
    """A side that lets nobody in is one finding: there is nothing more to see."""
    return [stranger] if stranger else list(findings_of(subject, side, checks))
