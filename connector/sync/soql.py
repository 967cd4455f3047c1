"""The queries that an entity is read by: everything, or by keys.

A query job's statement stands in its body and not in its address. It may have 100,000 characters (20,000 in
older versions): a thousand keys go into one, well below either.
"""

from collections.abc import Iterator, Sequence

from connector.errors import RequestRefused
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, Parent
from connector.model.describe import ObjectDescribe
from connector.model.soql import soql_text

_LIST_CHARACTERS = 15_000
"""Of the keys in one query."""
STAMP = "SystemModstamp"
"""When a record was last changed by whomever, in whole seconds: triggers and processes move it as well."""


def parent_path(described: ObjectDescribe, field: str) -> str:
    """AccountId -> Account.Gentrack_External_Id__c, by the relationship name that the org gives."""
    lookup = described.fields.get(field)
    if lookup is None or lookup.relationship_name is None:
        raise RequestRefused(
            f"{described.name}.{field} is not a lookup that this user can see.",
            todo="Give the integration user access to the field.",
        )
    return f"{lookup.relationship_name}.{EXTERNAL_ID}"


def parents_by_id(spec: EntitySpec, *, unlinked: bool) -> tuple[Parent, ...]:
    """The parents whose Salesforce ids are read as well: those that may be there without an external id.

    A record that Gentrack gives no parent may stand below one that is none of ours.
    """
    return tuple(parent for parent in spec.parents if unlinked or not parent.required)


def all_records(
    spec: EntitySpec, described: ObjectDescribe, *, unlinked: bool = False, since: str | None = None
) -> str:
    """Every record that may be one of ours, with its parents' external ids and its mapped fields.

    With `unlinked`, also those that have no external id; with `since`, a SystemModstamp, only those that
    were changed then or later.
    """
    ours = "" if unlinked else _ours(spec, described)
    changed = "" if since is None else f"{STAMP} >= {since}"
    where = " AND ".join(filter(None, (ours, changed)))
    return _select(spec, described, unlinked=unlinked) + (f" WHERE {where}" if where else "")


def stamps(spec: EntitySpec, described: ObjectDescribe) -> str:
    """When each of the same records was last changed."""
    return f"SELECT Id, {STAMP} FROM {spec.salesforce_object} WHERE {_ours(spec, described)}"


def made_by_the_platform(spec: EntitySpec, described: ObjectDescribe) -> str:
    """Records that have our parents and no external id, with their parents' external ids."""
    columns = ", ".join(["Id", *(parent_path(described, parent.field) for parent in spec.parents)])
    where = f"{EXTERNAL_ID} = null AND {_named_parents(spec, described)}"
    return f"SELECT {columns} FROM {spec.salesforce_object} WHERE {where}"


def records_of(
    spec: EntitySpec, described: ObjectDescribe, keys: Sequence[str], *, unlinked: bool = False
) -> Iterator[str]:
    """The records with these external ids, in as many queries as it takes; letter case doesn't count.

    And one query for those without an external id that may be one of ours, or may be linked, all of them.
    """
    select = _select(spec, described, unlinked=unlinked)
    chunk: list[str] = []
    length = 0
    for literal in map(soql_text, keys):
        if chunk and length + len(literal) > _LIST_CHARACTERS:
            yield f"{select} WHERE {EXTERNAL_ID} IN ({','.join(chunk)})"
            chunk, length = [], 0
        chunk.append(literal)
        length += len(literal) + 1
    if chunk:
        yield f"{select} WHERE {EXTERNAL_ID} IN ({','.join(chunk)})"
    if unlinked:
        yield f"{select} WHERE {EXTERNAL_ID} = null"
    elif ours := _named_parents(spec, described):
        yield f"{select} WHERE {EXTERNAL_ID} = null AND {ours}"


def _select(spec: EntitySpec, described: ObjectDescribe, *, unlinked: bool) -> str:
    columns = ["Id", EXTERNAL_ID, STAMP, *(parent_path(described, parent.field) for parent in spec.parents)]
    columns += [field.api_name for field in spec.fields]
    columns += [parent.field for parent in parents_by_id(spec, unlinked=unlinked)]
    return f"SELECT {', '.join(columns)} FROM {spec.salesforce_object}"


def _ours(spec: EntitySpec, described: ObjectDescribe) -> str:
    return _named_parents(spec, described) or f"{EXTERNAL_ID} != null"


def _named_parents(spec: EntitySpec, described: ObjectDescribe) -> str:
    """Of what is found by its parents: that all of them are ours."""
    parents = spec.parents if spec.found_by_parents else ()
    return " AND ".join(f"{parent_path(described, parent.field)} != null" for parent in parents)
