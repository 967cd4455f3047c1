"""Gentrack's events: their envelope, and which records they say have changed."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from connector.model.change import Notice, Side

PING = "integration:ping"
"""What the portal sends to try a subscription out."""
RESOURCES: Mapping[str, str] = {
    "account": "accounts",
    "customer": "customers",
    "account-customer": "accountCustomers",
    "product": "products",
    "price-plan": "pricePlans",
    "service-point": "meterPoints",
    "agreement": "agreements",
    "order": "orders",
    "order-line": "orderLines",
}
"""The noun of an event type such as `account-updated` -> its resource (docs/gentrack-contract.md)."""
_REFERENCES: Mapping[str, str] = {
    "accountId": "accounts",
    "customerId": "customers",
    "agreementId": "agreements",
    "orderId": "orders",
    "meterPointId": "meterPoints",
    "productId": "products",
}
_CHANGES = ("created", "updated", "deleted")


class GentrackEvent(BaseModel):
    """The published envelope; what it doesn't name is left alone."""

    model_config = ConfigDict(extra="ignore")

    event_id: str = Field(alias="eventId", min_length=1)
    event_type: str = Field(alias="eventType", min_length=1)
    tenant_id: str = Field(alias="tenantId", min_length=1)
    created_at: AwareDatetime = Field(alias="createdAt")
    data: dict[str, Any]


def notices(event: GentrackEvent) -> list[Notice]:
    """The records that an event is about; none for types that say nothing of a record.

    Of a record event it is the record itself; of any other, such as `switch-loss-finished`, all that its data
    refers to by id.
    """
    return [
        Notice(Side.GENTRACK, resource, record_id, event.created_at)
        for resource, record_id in dict.fromkeys(_records(event))
    ]


def _records(event: GentrackEvent) -> Iterator[tuple[str, str]]:
    noun, _, change = event.event_type.rpartition("::")[2].rpartition("-")
    if change in _CHANGES and noun in RESOURCES and _is_id(event.data.get("id")):
        yield RESOURCES[noun], str(event.data["id"])
    for name, resource in _REFERENCES.items():
        if _is_id(event.data.get(name)):
            yield resource, str(event.data[name])


def _is_id(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, str) and value.isdecimal()
    )
