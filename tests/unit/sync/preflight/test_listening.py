"""What preflight says where an instance wants events that the org doesn't give."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connector.errors import ConnectorError, RequestRefused, ServiceUnavailable
from connector.model.finding import Severity
from connector.model.org_event import Delivery
from connector.sync.preflight.subject import Subject
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.preflight.subjects import Look

ACCOUNTS, CONTACTS, ORDERS = (f"/data/{name}ChangeEvent" for name in ("Account", "Contact", "Order"))
UNSELECTED = RequestRefused("Not found.", todo="Select it.")
DENIED = RequestRefused("Denied.", todo="Permit it.")


class BusTwin:
    """A bus that refuses some channels."""

    def __init__(self, refused: dict[str, ConnectorError]) -> None:
        self.refused = refused
        self.asked: list[str] = []
        self.is_closed = False

    def user_id(self) -> str:
        return "005000000000001AAA"

    def check(self, channel: str) -> None:
        self.asked.append(channel)
        if channel in self.refused:
            raise self.refused[channel]

    @contextmanager
    def subscribed(self, channel: str, after: bytes | None) -> Iterator[Iterator[Delivery]]:
        yield iter(())

    def interrupt(self) -> None: ...

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ({}, []),
        ({ORDERS: UNSELECTED, ACCOUNTS: UNSELECTED}, [(f"{ACCOUNTS}, {ORDERS}", "Select it.")]),
        ({ACCOUNTS: DENIED, ORDERS: UNSELECTED}, [(ACCOUNTS, "Permit it."), (ORDERS, "Select it.")]),
        ({ACCOUNTS: ServiceUnavailable("No route.")}, [("No route.", "pubsub_endpoint")]),
    ],
)
def test_refusals_of_one_kind_are_one_finding_that_stops_nothing(
    org: OrgTwin, found: Look, refused: dict[str, ConnectorError], told: list[tuple[str, str]]
) -> None:
    bus = BusTwin(refused)
    findings = found(org, notes=True, channels=(ACCOUNTS, CONTACTS, ORDERS), event_bus=lambda: bus)
    ours = [finding for finding in findings if finding.where == "events"]
    assert {finding.severity for finding in ours} <= {Severity.NOTE}
    assert len(ours) == len(told)
    for finding, (what, todo) in zip(ours, told, strict=True):
        assert what in finding.what
        assert todo in finding.todo
    assert bus.is_closed


def test_an_instance_that_only_polls_asks_no_bus(org: OrgTwin, found: Look) -> None:
    assert Subject.__dataclass_fields__["event_bus"].default is None
    assert [finding for finding in found(org, notes=True) if finding.where == "events"] == []
