"""Records by the values of a field, and those that changed: what is asked, and what comes back."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from pydantic import SecretStr

from connector.clients.gentrack.calls import connect_calls
from connector.clients.gentrack.finding import VALUES, GentrackFindingApi
from connector.errors import GaveUp, RequestRefused
from connector.instance import Instance
from connector.settings import GentrackSecrets
from connector.sync.ongoing.ports import GentrackFinding
from tests.unit.clients.conftest import FakeClock
from tests.unit.clients.scripted_server import LOST, Answer, ScriptedServer

PATH = "/v1/junifer/accounts"
ROW = pa.struct([("id", pa.int64()), ("number", pa.string())])
SINCE = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


@pytest.fixture
def finding(
    gentrack: ScriptedServer, instance_at: Callable[..., Instance], clock: FakeClock
) -> Iterator[GentrackFindingApi]:
    secrets = GentrackSecrets(app_id="app", app_secret=SecretStr("hush-hush"))
    calls = connect_calls(instance_at(gentrack_url=gentrack.url), secrets, clock, per_second=20, parallel=4)
    client = GentrackFindingApi(calls, page_size=2)
    port: GentrackFinding = client
    assert port is client
    yield client
    client.close()
    calls.close()


def page(*numbers: int, following: str = "", date: str | None = None) -> Answer:
    links = {"next": f"http://junifer.internal:43002/rest/v1/accounts?{following}"} if following else {}
    records = [{"id": number, "number": f"A{number}", "unasked": 1} for number in numbers]
    return Answer(200, {"results": records, "links": links}, {} if date is None else {"Date": date})


def test_two_hundred_values_are_one_request(gentrack: ScriptedServer, finding: GentrackFindingApi) -> None:
    gentrack.answers("GET", PATH, page(1), page(2), page(3))
    values = [str(number) for number in range(2 * VALUES + 1)]
    tables = list(finding.having("accounts", ROW, "id", [*values, *values]))
    assert sorted(table["id"].to_pylist() for table in tables) == [[1], [2], [3]]
    asked = [got.query["id"].split(",") for got in gentrack.requests("GET", PATH)]
    assert sorted(map(len, asked)) == [1, VALUES, VALUES]
    assert {value for piece in asked for value in piece} == set(values)


def test_long_values_are_more_requests(gentrack: ScriptedServer, finding: GentrackFindingApi) -> None:
    gentrack.answers("GET", PATH, page())
    list(finding.having("accounts", ROW, "number", [f"{number:0>250}" for number in range(40)]))
    assert [len(got.target) < 7_000 for got in gentrack.requests("GET", PATH)] == [True, True]


def test_what_parts_values_is_escaped_inside_of_them(
    gentrack: ScriptedServer, finding: GentrackFindingApi
) -> None:
    gentrack.answers("GET", PATH, page(1))
    list(finding.having("accounts", ROW, "number", ["a,b\\c", "d"]))
    (asked,) = gentrack.requests("GET", PATH)
    assert asked.query["number"] == r"a\,b\\c,d"


def test_no_value_is_no_request(gentrack: ScriptedServer, finding: GentrackFindingApi) -> None:
    assert list(finding.having("accounts", ROW, "id", [])) == []
    assert gentrack.got == []


def test_passing_failures_are_waited_out_and_refusals_told(
    gentrack: ScriptedServer, finding: GentrackFindingApi
) -> None:
    gentrack.answers("GET", PATH, LOST, Answer(503), page(1))
    assert [table.num_rows for table in finding.having("accounts", ROW, "id", ["1"])] == [1]
    gentrack.answers("GET", PATH, Answer(400))
    with pytest.raises(RequestRefused):
        list(finding.having("accounts", ROW, "id", ["1"]))
    gentrack.answers("GET", PATH, *[Answer(503)] * 2000)
    with pytest.raises(GaveUp):
        list(finding.having("accounts", ROW, "id", ["1"]))


def test_what_changed_comes_page_by_page_with_the_servers_time(
    gentrack: ScriptedServer, finding: GentrackFindingApi
) -> None:
    first = page(1, 2, following="cursor=x", date="Tue, 24 Nov 2026 20:00:07 GMT")
    gentrack.answers("GET", PATH, first, page(3))
    pages = list(finding.changed("accounts", ROW, SINCE))
    assert [table["id"].to_pylist() for table, _ in pages] == [[1, 2], [3]]
    assert pages[0][1] == datetime(2026, 11, 24, 20, 0, 7, tzinfo=UTC)
    began, onwards = gentrack.requests("GET", PATH)
    assert began.query == {"limit": "2", "updatedSince": "2026-11-24T20:00:00+00:00"}
    assert onwards.query == {"cursor": "x"}
