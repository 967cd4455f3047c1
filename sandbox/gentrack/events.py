"""Events about changed records, published as long as publishing is switched on.

The envelope is public (gentrack's webhook samples); the names of record events are ours, after their pattern.
Events stand in an outbox; nothing delivers them yet.
"""

import uuid
from typing import Any

from sandbox.gentrack.clock import Clock
from sandbox.gentrack.tokens import App
from sandbox.seed import Record

_NOUNS = {
    "accounts": "account",
    "customers": "customer",
    "accountCustomers": "account-customer",
    "products": "product",
    "pricePlans": "price-plan",
    "meterPoints": "service-point",
    "agreements": "agreement",
    "orders": "order",
    "orderLines": "order-line",
}


class Publisher:
    """The outbox and the switch before it."""

    def __init__(self, app: App, clock: Clock) -> None:
        self.enabled = True
        self.outbox: list[dict[str, Any]] = []
        self._app = app
        self._clock = clock

    def publish(self, collection: str, change: str, record: Record) -> None:
        """Put an event such as ``account-updated`` in the outbox; `change` is ``created`` or ``updated``."""
        if not self.enabled:
            return
        data = {"id": record["id"], "updatedDttm": record["updatedDttm"]}
        if "number" in record:
            data["number"] = record["number"]
        self.outbox.append(
            {
                "appId": self._app.app_id,
                "createdAt": self._clock.stamp(),
                "data": data,
                "eventId": str(uuid.uuid4()),
                "eventType": f"{_NOUNS[collection]}-{change}",
                "tenantId": self._app.tenant_id,
                "version": 1,
            }
        )
