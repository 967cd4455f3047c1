"""Who will own the new records: whether they are there, may own them, and how many one of them gets.

Source of the number: Salesforce's advice on ownership skew ("Architect record ownership skew for peak
performance in large data volume environments"): above 10,000 records of an object with one owner, whatever
changes that owner's role or groups recomputes sharing for all of them.
"""

from collections.abc import Iterator

from connector.mapping.ownership import OWNER_FIELD
from connector.model.finding import Finding
from connector.sync.owners import found_owners, may_own, named_owners
from connector.sync.preflight.check import PERMISSION, blocking, note
from connector.sync.preflight.subject import Subject

MOST_RECORDS = 10_000
SKEW_TODO = (
    "Spread them by [owners] of the instance; or give that owner no role, or one at the top of the hierarchy,"
    " and keep it out of public groups that sharing rules start from."
)


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
    volumes = subject.known_volumes
    many = []
    for spec in subject.shown:
        new = volumes[spec.name].new if spec.name in volumes else 0
        if spec.ownership and new > MOST_RECORDS and spec.name not in (section.objects if section else ()):
            many.append(f"{new:,} {spec.salesforce_object}")
    if many:
        yield note(
            "owner skew",
            f"{everybody} will own about {', '.join(many)} records, more than {MOST_RECORDS:,} of an object.",
            SKEW_TODO,
        )
