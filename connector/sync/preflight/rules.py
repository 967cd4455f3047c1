"""Rules of the org that may refuse rows of the load: duplicate rules and validation rules.

Sources: Object reference, DuplicateRule; Tooling API guide, ValidationRule. Bulk API has no header by which
a duplicate rule could be passed over, as REST has.
"""

from collections import defaultdict
from collections.abc import Iterator

from connector.model.finding import Finding
from connector.sync.preflight.check import attest
from connector.sync.preflight.custom_objects import object_names
from connector.sync.preflight.subject import Subject

_NAMED = 10
"""So many rules of an object are named; the rest is counted."""


def duplicate_rules(subject: Subject) -> Iterator[Finding]:
    """Active duplicate rules of the loaded objects, one finding an object."""
    active = subject.salesforce.query(
        "SELECT DeveloperName, SobjectType FROM DuplicateRule WHERE IsActive = true ORDER BY DeveloperName"
    )
    by_object: dict[str, list[str]] = defaultdict(list)
    for row in active:
        by_object[row["SobjectType"]].append(row["DeveloperName"])
    for sobject in subject.objects:
        if names := by_object.get(sobject):
            yield attest(
                f"duplicate rules of {sobject}",
                f"{_told(names)} Bulk API can't pass one over: a row that such a rule blocks, or only alerts"
                " on, is refused.",
                "Switch it off for the integration user or for the window's time, or let those rows fail.",
            )


def validation_rules(subject: Subject) -> Iterator[Finding]:
    """Active validation rules of the loaded objects, one finding an object."""
    active = subject.salesforce.tooling_query(
        "SELECT ValidationName, NamespacePrefix, EntityDefinitionId FROM ValidationRule"
        " WHERE Active = true ORDER BY ValidationName"
    )
    named = object_names(subject.salesforce, (row["EntityDefinitionId"] for row in active))
    by_object: dict[str, list[str]] = defaultdict(list)
    for row in active:
        package = row["NamespacePrefix"]
        name = row["ValidationName"]
        by_object[named[row["EntityDefinitionId"]]].append(f"{package}.{name}" if package else name)
    for sobject in subject.objects:
        if names := by_object.get(sobject):
            yield attest(
                f"validation rules of {sobject}",
                f"{_told(names)} They were made for people at a form, and refuse rows that break them.",
                "See that records of Gentrack keep them, or let them leave the integration user alone.",
            )


def _told(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    verb = "is" if len(names) == 1 else "are"
    return f"{len(names):,} {verb} active: {', '.join(names[:_NAMED])}{more}."
