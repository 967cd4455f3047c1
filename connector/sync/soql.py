"""The queries that an entity is read by."""

from connector.errors import RequestRefused
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.describe import ObjectDescribe


def parent_path(described: ObjectDescribe, field: str) -> str:
    """AccountId -> Account.Gentrack_External_Id__c, by the relationship name that the org gives."""
    lookup = described.fields.get(field)
    if lookup is None or lookup.relationship_name is None:
        raise RequestRefused(
            f"{described.name}.{field} is not a lookup that this user can see.",
            todo="Give the integration user access to the field.",
        )
    return f"{lookup.relationship_name}.{EXTERNAL_ID}"


def all_records(spec: EntitySpec, described: ObjectDescribe, *, unlinked: bool = False) -> str:
    """Every record that may be one of ours, with its parents' external ids and its mapped fields.

    With `unlinked`, also those that have no external id, and the ids of parents, which may have none either.
    """
    parents = [parent_path(described, parent.field) for parent in spec.parents]
    columns = ["Id", EXTERNAL_ID, *parents, *(field.api_name for field in spec.fields)]
    if unlinked:
        columns += [parent.field for parent in spec.parents]
        return f"SELECT {', '.join(columns)} FROM {spec.salesforce_object}"
    ours = f"{EXTERNAL_ID} != null"
    if spec.found_by_parents:
        ours = " AND ".join(f"{parent} != null" for parent in parents)
    return f"SELECT {', '.join(columns)} FROM {spec.salesforce_object} WHERE {ours}"
