"""A record is changed when the network, or Gentrack, does not do as it should."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from connector.clients.gentrack.records import GentrackRecordsApi, connect_gentrack_records
from connector.clients.pace import Pace
from connector.errors import GaveUp, RequestRefused
from connector.instance import Instance
from connector.settings import GentrackSecrets
from tests.unit.clients.conftest import FakeClock
from tests.unit.clients.scripted_server import LOST, Answer, ScriptedServer

PATH = "/v1/junifer/customers/7"
OLD, NEW = {"id": 7, "name": "Old"}, {"id": 7, "name": "New"}


@pytest.fixture
def records(
    gentrack: ScriptedServer, instance_at: Callable[..., Instance], clock: FakeClock
) -> Iterator[GentrackRecordsApi]:
    secrets = GentrackSecrets(app_id="app", app_secret=SecretStr("hush-hush"))
    client = connect_gentrack_records(instance_at(gentrack_url=gentrack.url), secrets, clock)
    yield client
    client.close()


def renamed(record: Mapping[str, Any]) -> dict[str, Any]:
    return {} if record["name"] == "New" else {"name": "New"}


def test_a_lost_answer_is_resolved_by_reading(gentrack: ScriptedServer, records: GentrackRecordsApi) -> None:
    gentrack.answers("GET", PATH, Answer(200, OLD), Answer(200, NEW))
    gentrack.answers("PATCH", PATH, LOST)
    change = records.change("customers", 7, renamed)
    assert change is not None
    assert (change.sent, change.record) == (True, NEW)
    assert len(gentrack.requests("PATCH", PATH)) == 1


def test_a_change_that_did_not_arrive_is_sent_again(
    gentrack: ScriptedServer, records: GentrackRecordsApi
) -> None:
    gentrack.answers("GET", PATH, Answer(200, OLD))
    gentrack.answers("PATCH", PATH, Answer(503), Answer(200, NEW))
    change = records.change("customers", 7, renamed)
    assert change is not None
    assert change.record == NEW
    assert [orjson.loads(r.body) for r in gentrack.requests("PATCH", PATH)] == [{"name": "New"}] * 2


def test_what_was_read_a_moment_ago_is_not_read_again_but_after_a_lost_answer(
    gentrack: ScriptedServer, records: GentrackRecordsApi
) -> None:
    gentrack.answers("GET", "/v1/junifer/customers", Answer(200, {"results": [OLD], "links": {}}))
    known = records.read_several("customers", [7, 8])
    assert known == {7: OLD}
    gentrack.answers("PATCH", PATH, Answer(200, NEW))
    records.change("customers", 7, renamed, read=known[7])
    assert gentrack.requests("GET", PATH) == []
    gentrack.answers("PATCH", PATH, LOST)
    gentrack.answers("GET", PATH, Answer(200, NEW))
    change = records.change("customers", 7, renamed, read=known[7])
    assert change is not None
    assert (change.sent, change.record) == (True, NEW)
    assert len(gentrack.requests("GET", PATH)) == 1


def test_a_creation_whose_answer_was_lost_is_found_by_its_reference(
    gentrack: ScriptedServer, records: GentrackRecordsApi
) -> None:
    gentrack.answers("POST", "/v1/junifer/customers", LOST)
    gentrack.answers("GET", "/v1/junifer/customers", Answer(200, {"results": [NEW], "links": {}}))
    assert records.create("customers", {"name": "New"}, "003000000000001AAA") == NEW
    (sent,) = gentrack.requests("POST", "/v1/junifer/customers")
    assert orjson.loads(sent.body) == {"name": "New", "clientReference": "003000000000001AAA"}


def test_a_refusal_that_is_no_repetition_goes_on(
    gentrack: ScriptedServer, records: GentrackRecordsApi
) -> None:
    said = {"errorCode": "InvalidField", "errorDescription": "no", "errorSeverity": "Error"}
    gentrack.answers("POST", "/v1/junifer/customers", Answer(400, said))
    with pytest.raises(RequestRefused, match="InvalidField: no"):
        records.create("customers", {}, "x")


def test_a_tenant_that_stays_away_is_given_up(gentrack: ScriptedServer, records: GentrackRecordsApi) -> None:
    gentrack.answers("GET", PATH, *[Answer(503)] * 2000)
    with pytest.raises(GaveUp, match="Gentrack stayed away"):
        records.change("customers", 7, renamed)


@pytest.mark.parametrize("body", [[], b"nonsense"])
def test_an_answer_that_is_no_record_is_refused(
    gentrack: ScriptedServer, records: GentrackRecordsApi, body: object
) -> None:
    gentrack.answers("GET", PATH, Answer(200, body))
    with pytest.raises(RequestRefused, match="is not a record"):
        records.read("customers", 7)


def test_requests_keep_their_pace(clock: FakeClock) -> None:
    pace = Pace(4, clock)
    for _ in range(3):
        pace.wait()
    assert clock.sleeps == [0.25, 0.25]
    clock.now += 10
    pace.wait()
    assert len(clock.sleeps) == 2
