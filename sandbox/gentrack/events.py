"""Events about changed records, published as long as publishing is switched on.

The envelope is public (gentrack's webhook samples); the names of record events are ours, after their pattern.
What happens while publishing is off is never published, also not later.
"""

import uuid
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any

from sandbox.gentrack.clock import Clock
from sandbox.gentrack.tokens import App
from sandbox.seed import Record

EVENTS_KEPT = 100_000
Event = dict[str, Any]

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
    """Makes events of what is written and hands them on; keeps the latest 100,000 to be looked at.

    `deliver` takes an event and what it is about: events about the same thing stay in order.
    """

    def __init__(self, app: App, clock: Clock, deliver: Callable[[Event, Hashable], None]) -> None:
        self.enabled = True
        self.published: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._app = app
        self._clock = clock
        self._deliver = deliver

    def publish(self, collection: str, change: str, record: Record) -> None:
        """Publish an event such as ``account-updated``; `change` is ``created`` or ``updated``."""
        if not self.enabled:
            return
        data = {"id": record["id"], "updatedDttm": record["updatedDttm"]}
        if "number" in record:
            data["number"] = record["number"]
        event = self.envelope(f"{_NOUNS[collection]}-{change}", data)
        self.published.append(event)
        self._deliver(event, (collection, record["id"]))

    def send_test(self, event_type: str, data: dict[str, Any]) -> Event:
        """Send an event that nothing in the tenant brought about, as the portal's simulator does."""
        event = self.envelope(event_type, data)
        self._deliver(event, None)
        return event

    def envelope(self, event_type: str, data: dict[str, Any]) -> Event:
        """A new event."""
        return {
            "appId": self._app.app_id,
            "createdAt": self._clock.stamp(),
            "data": data,
            "eventId": str(uuid.uuid4()),
            "eventType": event_type,
            "tenantId": self._app.tenant_id,
            "version": 1,
        }
