"""What Salesforce's event bus says: that records of an object were changed, by whom, never to what.

Source: Change Data Capture guide, "Change Event Header Fields", "Gap Events", "Overflow Events".
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class OrgEvent:
    """One event: records of `sobject` that one transaction changed, by their 18-character ids.

    `user_id` committed it; `client` is the name that the calling client gave itself, empty if none, and None
    where such events don't tell. An event that is not `whole` stands for changes that it doesn't tell, or not
    all of: a gap, an overflow.
    """

    sobject: str
    record_ids: tuple[str, ...]
    at: datetime | None = None
    user_id: str = ""
    client: str | None = None
    whole: bool = True


@dataclass(frozen=True)
class Delivery:
    """Events that came together, or none as a sign of life; a subscription goes on after `replay_id`."""

    events: tuple[OrgEvent, ...]
    replay_id: bytes


def change_channel(sobject: str) -> str:
    """The channel of an object's change events: `/data/AccountChangeEvent`, `/data/Name__ChangeEvent`."""
    name = f"{sobject.removesuffix('c')}ChangeEvent" if sobject.endswith("__c") else f"{sobject}ChangeEvent"
    return f"/data/{name}"


TRIGGERS_CHANNEL = "/event/Gentrack_Object_Event__e"
"""Where the triggers of `salesforce/` publish."""
TRIGGERED = ("Account", "Contact", "AccountContactRelation", "OrderItem")
"""The objects that they stand on."""
