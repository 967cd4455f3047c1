"""How far events were listened to, on a real PostgreSQL: kept with what they said, or not at all."""

from collections.abc import Iterator

import pytest

from connector.errors import ServiceUnavailable
from connector.model.change import Notice, Side
from connector.store.ledger import SqlLedger, open_ledger

HERE, ELSEWHERE = "61668309", "61890020"
CHANNEL, OTHER = "/data/AccountChangeEvent", "/data/ContactChangeEvent"
ACCOUNT = Notice(Side.SALESFORCE, "Account", "001000000000001AAA")


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


def test_each_channel_of_each_instance_has_its_own_place(ledger: SqlLedger) -> None:
    replays = ledger.replays
    replays.take_in(HERE, CHANNEL, b"\0\1", [])
    replays.take_in(HERE, OTHER, b"\0\2", [])
    replays.take_in(HERE, CHANNEL, b"\0\3", [])
    found = [replays.replay_id(*place) for place in ((HERE, CHANNEL), (HERE, OTHER), (ELSEWHERE, CHANNEL))]
    assert found == [b"\0\3", b"\0\2", None]
    replays.begin_anew(HERE, CHANNEL)
    assert (replays.replay_id(HERE, CHANNEL), replays.replay_id(HERE, OTHER)) == (None, b"\0\2")


def test_notices_and_place_are_kept_together_or_not_at_all(ledger: SqlLedger) -> None:
    def interrupted() -> Iterator[Notice]:
        yield ACCOUNT
        raise ServiceUnavailable("killed in between")

    with pytest.raises(ServiceUnavailable):
        ledger.replays.take_in(HERE, CHANNEL, b"\1", interrupted())
    assert (ledger.replays.replay_id(HERE, CHANNEL), ledger.inbox.ready(HERE, 10)) == (None, [])
    ledger.replays.take_in(HERE, CHANNEL, b"\1", [ACCOUNT])
    assert [row.notice for row in ledger.inbox.ready(HERE, 10)] == [ACCOUNT]
    assert ledger.replays.replay_id(HERE, CHANNEL) == b"\1"
