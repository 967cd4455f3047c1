"""Anchors: the ids of records that every org has one of, such as the standard price book."""

from connector.errors import RequestRefused
from connector.mapping.vocabulary import Anchor, EntitySpec
from connector.sync.ports import SmallQueries


def anchor_ids(spec: EntitySpec, org: SmallQueries) -> dict[str, str]:
    """The id of each anchor of an entity by its field. Raises RequestRefused where it isn't exactly one."""
    return {anchor.field: _one(spec, anchor, org) for anchor in spec.anchors}


def _one(spec: EntitySpec, anchor: Anchor, org: SmallQueries) -> str:
    found = org.query(anchor.query)
    if len(found) != 1:
        raise RequestRefused(
            f"{spec.salesforce_object}.{anchor.field} needs one record, and the org shows {len(found)}:"
            f" {anchor.query}.",
            todo="Let the integration user see it; a standard price book must be active.",
        )
    return str(found[0]["Id"])
