"""The users and queues that the instance names as owners, found in the org.

Sources: Object reference, User, Group (Type 'Queue'), QueueSobject: a queue takes only objects listed for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connector.errors import OwnersUnknown
from connector.instance import OwnersSection
from connector.mapping.ownership import OwnerRule, Owners
from connector.model.describe import ObjectDescribe
from connector.model.soql import soql_list
from connector.sync.ports import SalesforceOrg


@dataclass(frozen=True)
class Found:
    """A user or a queue. `objects` are those that a queue takes; a user may own any."""

    id: str
    active: bool = True
    queue: bool = False
    objects: frozenset[str] = field(default=frozenset())


def named_owners(section: OwnersSection) -> tuple[str, ...]:
    """Every name that the section mentions, each once."""
    names = [rule.owner for rule in section.rules]
    names += [section.default] if section.default else []
    return tuple(dict.fromkeys([*names, *section.objects.values()]))


def found_owners(names: Iterable[str], org: SalesforceOrg) -> Mapping[str, Found]:
    """Name as the instance has it -> who that is in the org; a name that nobody has is left out.

    Letter case doesn't count. A name with an @ is a user's, another one a queue's.
    """
    users = [name for name in names if "@" in name]
    queues = [name for name in names if "@" not in name]
    found: dict[str, Found] = {}
    if users:
        rows = org.query(f"SELECT Id, Username, IsActive FROM User WHERE Username IN ({soql_list(users)})")
        by_name = {row["Username"].lower(): Found(row["Id"], active=row["IsActive"]) for row in rows}
        found |= {name: by_name[name.lower()] for name in users if name.lower() in by_name}
    if queues:
        found |= _queues(queues, org)
    return found


def resolved(section: OwnersSection, org: SalesforceOrg) -> Owners:
    """The section with ids for names. Raises OwnersUnknown, naming who is not there or not active."""
    names = named_owners(section)
    found = found_owners(names, org)
    wrong = [name for name in names if name not in found or not found[name].active]
    if wrong:
        raise OwnersUnknown(
            f"[owners] names who is not in the org, or not active: {', '.join(wrong)}.",
            todo="Correct the instance, or the user or queue in Salesforce.",
        )
    gone = org.query("SELECT Id FROM User WHERE IsActive = false")
    return Owners(
        default=found[section.default].id if section.default else None,
        rules=tuple(OwnerRule(rule.conditions, found[rule.owner].id) for rule in section.rules),
        objects={entity: found[name].id for entity, name in section.objects.items()},
        names={owner.id: name for name, owner in found.items()},
        inactive=frozenset(row["Id"] for row in gone),
    )


def may_own(owner: Found, described: ObjectDescribe) -> bool:
    """Whether records of an object may belong to somebody: a queue takes only what it is made for."""
    lookup = described.fields.get("OwnerId")
    allowed = lookup is not None and "Group" in lookup.reference_to
    return not owner.queue or (allowed and described.name in owner.objects)


def _queues(names: list[str], org: SalesforceOrg) -> Mapping[str, Found]:
    rows = org.query(
        f"SELECT Id, DeveloperName FROM Group WHERE Type = 'Queue' AND DeveloperName IN ({soql_list(names)})"
    )
    if not rows:
        return {}
    ids = soql_list(row["Id"] for row in rows)
    taken = org.query(f"SELECT QueueId, SobjectType FROM QueueSobject WHERE QueueId IN ({ids})")
    by_name = {
        row["DeveloperName"].lower(): Found(
            row["Id"],
            queue=True,
            objects=frozenset(each["SobjectType"] for each in taken if each["QueueId"] == row["Id"]),
        )
        for row in rows
    }
    return {name: by_name[name.lower()] for name in names if name.lower() in by_name}
