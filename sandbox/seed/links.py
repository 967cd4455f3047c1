"""The `links` of a record: absolute, and pointing at the billing system's internal host.

That is how a real tenant answers; a caller takes path and query, strips the prefix ``/rest/v1`` and puts
its own root before the rest.
"""

INTERNAL_ROOT = "http://junifer.internal:43002/rest/v1"


def links(collection: str, identifier: int, *related: str) -> dict[str, str]:
    """``self`` and one link for each related sub-resource."""
    own = f"{INTERNAL_ROOT}/{collection}/{identifier}"
    return {"self": own} | {name: f"{own}/{name}" for name in related}
