"""How lists of what an org is made of name objects: standard ones by name, custom ones by an id."""

from collections.abc import Iterable, Mapping

from connector.sync.ports import SalesforceOrg

_CUSTOM_OBJECT = "01I"
"""Key prefix of the id of a custom object's definition."""


def object_names(org: SalesforceOrg, told: Iterable[str]) -> Mapping[str, str]:
    """What was told (`TableEnumOrId` and the like) -> the API name; an id that nobody knows stays as it is.

    The org is asked only where an id is among them. Source: Tooling API guide, CustomObject.
    """
    names = {name: name for name in told}
    if not any(name.startswith(_CUSTOM_OBJECT) for name in names):
        return names
    rows = org.tooling_query("SELECT Id, DeveloperName, NamespacePrefix FROM CustomObject")
    custom = {
        row["Id"][:15]: "__".join(
            part for part in (row["NamespacePrefix"], row["DeveloperName"], "c") if part
        )
        for row in rows
    }
    return {name: custom.get(name[:15], name) for name in names}
