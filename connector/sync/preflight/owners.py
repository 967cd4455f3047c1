"""Who will own the new records: whether they are there, may own them, and how many one of them gets."""

from collections.abc import Iterator

from connector.mapping.ownership import OWNER_FIELD
from connector.model.finding import Finding
from connector.sync.owner_skew import skewed
from connector.sync.owners import found_owners, may_own, named_owners
from connector.sync.preflight.check import PERMISSION, blocking
from connector.sync.preflight.subject import Subject


def owners(subject: Subject) -> Iterator[Finding]:
    """Each user and queue that [owners] names, and the field that takes them."""
    section = subject.instance.owners
    if section is None:
        return
    found = found_owners(named_owners(section), subject.salesforce)
    for name in named_owners(section):
        if name not in found:
            kind = "user" if "@" in name else "queue"
            yield blocking(
                f"owner {name}", f"The org has no such {kind}.", "Correct [owners] of the instance."
            )
        elif not found[name].active:
            yield blocking(
                f"owner {name}",
                "The user is not active.",
                "Activate the user, or name another one.",
            )
    for spec in subject.shown:
        if spec.ownership is None:
            continue
        described = subject.described[spec.name]
        field = described.fields.get(OWNER_FIELD)
        if field is None or not field.createable:
            yield blocking(
                f"{spec.salesforce_object}.{OWNER_FIELD}", "The integration user may not set it.", PERMISSION
            )
        by_rule = () if spec.ownership.follows else (section.default, *(rule.owner for rule in section.rules))
        for owner in dict.fromkeys(filter(None, (*by_rule, section.objects.get(spec.name)))):
            if owner in found and not may_own(found[owner], described):
                yield blocking(
                    f"owner {owner}",
                    f"{spec.salesforce_object} records can't belong to this queue.",
                    "Name a user, or add the object to the queue where Salesforce lets it.",
                )


def skew(subject: Subject) -> Iterator[Finding]:
    """One owner for all new records of an object, where they are many; a plan counts them owner by owner."""
    section = subject.instance.owners
    if section is not None and section.rules:
        return
    everybody = section.default if section and section.default else subject.salesforce.user_name()
    fixed = section.objects if section else {}
    yield from skewed(
        (everybody, spec.salesforce_object, subject.known_volumes[spec.name].new)
        for spec in subject.shown
        if spec.ownership and spec.name in subject.known_volumes and spec.name not in fixed
    )
