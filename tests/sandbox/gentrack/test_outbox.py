"""Deliveries wait in lanes: side by side, but those of one record in order."""

import pytest

from sandbox.gentrack.webhooks.outbox import Delivery, Outbox


def _delivery(number: int, lane: str, due: float = 0.0) -> Delivery:
    return Delivery({"eventId": str(number)}, lane, due, 0)


def _taken(outbox: Outbox, now: float = 0.0) -> Delivery:
    delivery = outbox.take(now)
    assert delivery is not None
    return delivery


def test_lanes_go_side_by_side_and_one_lane_in_order() -> None:
    outbox = Outbox()
    for number, lane in enumerate("aab"):
        outbox.put(_delivery(number, lane))
    first, other = _taken(outbox), _taken(outbox)
    assert [first.event["eventId"], other.event["eventId"]] == ["0", "2"]
    assert outbox.take(0) is None
    outbox.settle(first)
    assert _taken(outbox).event["eventId"] == "1"
    assert len(outbox) == 2


def test_a_delivery_that_failed_is_tried_again_before_what_follows_it() -> None:
    outbox = Outbox()
    for number in range(2):
        outbox.put(_delivery(number, "a"))
    outbox.retry(_taken(outbox), due=5)
    assert outbox.take(4.9) is None
    assert outbox.next_due() == 5
    assert _taken(outbox, 5).event["eventId"] == "0"


def test_what_is_due_earlier_goes_first() -> None:
    outbox = Outbox()
    outbox.put(_delivery(0, "a", due=2))
    outbox.put(_delivery(1, "b", due=1))
    assert [_taken(outbox, 2).lane, _taken(outbox, 2).lane] == ["b", "a"]


def test_a_full_outbox_takes_no_more() -> None:
    outbox = Outbox(most=2)
    assert [outbox.put(_delivery(number, "a")) for number in range(3)] == [True, True, False]
    outbox.settle(_taken(outbox))
    assert outbox.put(_delivery(3, "a"))


@pytest.mark.parametrize("end", ["settle", "retry"])
def test_what_was_taken_before_a_clearing_does_not_come_back(end: str) -> None:
    outbox = Outbox()
    outbox.put(_delivery(0, "a"))
    outbox.put(_delivery(1, "a"))
    taken = _taken(outbox)
    assert outbox.clear() == 2
    outbox.put(_delivery(2, "a"))
    if end == "settle":
        outbox.settle(taken)
    else:
        outbox.retry(taken, due=0)
    assert _taken(outbox).event["eventId"] == "2"
    assert outbox.take(9) is None
    assert len(outbox) == 1
