"""Reading a tenant: sign-in, pages, passing failures, records that don't fit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from pydantic import SecretStr

from connector.clients.gentrack.api import GentrackApi, connect_gentrack
from connector.errors import GaveUp, LastingError, RequestRefused, SignInRefused
from connector.instance import Instance
from connector.settings import GentrackSecrets
from connector.sync.ports import GentrackSource
from tests.unit.clients.conftest import GIVE_UP_AFTER, FakeClock
from tests.unit.clients.scripted_server import LOST, Answer, ScriptedServer

ACCOUNTS = "/v1/junifer/accounts"
INTERNAL = "http://junifer.internal:43002/rest/v1/accounts"
ADDRESS = pa.struct([("postcode", pa.string())])
ROW = pa.struct([("id", pa.int64()), ("number", pa.string()), ("billingAddress", ADDRESS)])
EXPIRED = Answer(401, {"errorCode": "Unauthorized", "errorDescription": "The token has expired"})


def page(*records: object, following: str = "") -> Answer:
    links = {"self": INTERNAL} | ({"next": f"{INTERNAL}?{following}"} if following else {})
    return Answer(200, {"results": records, "links": links})


def account(number: int, postcode: object = "6011") -> dict[str, object]:
    address = {"address1": "1 Ōtaki St", "postcode": postcode}
    return {"id": number, "number": f"{number:08}", "billingAddress": address, "unasked": [1]}


def test_fills_the_port(api: GentrackApi) -> None:
    port: GentrackSource = api
    assert port is api


def test_check_signs_in_and_reads_one_record(api: GentrackApi, gentrack: ScriptedServer) -> None:
    gentrack.answers("GET", ACCOUNTS, page(account(1), following="limit=1&cursor=x"))
    api.check()
    (token,) = gentrack.requests("POST", "/v1/token")
    assert token.headers["Authorization"] == "Basic YXBwOmh1c2gtaHVzaA=="
    (read,) = gentrack.requests("GET", ACCOUNTS)
    assert read.headers["Authorization"] == "Bearer t1"
    assert read.query == {"limit": "1"}


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Tue, 24 Nov 2026 20:00:07 GMT", datetime(2026, 11, 24, 20, 0, 7, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_the_time_is_that_of_an_answer(
    api: GentrackApi, gentrack: ScriptedServer, date: str | None, moment: datetime | None
) -> None:
    dated = {} if date is None else {"Date": date}
    gentrack.answers("GET", ACCOUNTS, replace(page(account(1)), headers=dated))
    assert api.now() == moment


def test_pages_follow_their_links_below_our_own_address(api: GentrackApi, gentrack: ScriptedServer) -> None:
    second = page(account(3), following="limit=2&cursor=b%2B%2F")
    gentrack.answers(
        "GET", ACCOUNTS, page(account(1), account(2), following="limit=2&cursor=a"), second, page()
    )
    tables = list(api.pages("accounts", ROW))
    assert [table.num_rows for table in tables] == [2, 1, 0]
    assert {table.schema for table in tables} == {pa.schema(list(ROW))}
    assert tables[0].to_pylist()[1] == {"id": 2, "number": "00000002", "billingAddress": {"postcode": "6011"}}
    assert [got.query for got in gentrack.requests("GET", ACCOUNTS)] == [
        {"limit": "2"},
        {"limit": "2", "cursor": "a"},
        {"limit": "2", "cursor": "b+/"},
    ]


def test_a_caller_may_stop_reading(api: GentrackApi, gentrack: ScriptedServer) -> None:
    gentrack.answers("GET", ACCOUNTS, page(account(1), following="limit=2&cursor=a"))
    pages = api.pages("accounts", ROW)
    assert next(iter(pages)).num_rows == 1


def test_a_new_token_when_the_old_has_ended(api: GentrackApi, gentrack: ScriptedServer) -> None:
    gentrack.answers("GET", ACCOUNTS, EXPIRED, page(account(1)))
    api.check()
    borne = [got.headers["Authorization"] for got in gentrack.requests("GET", ACCOUNTS)]
    assert borne == ["Bearer t1", "Bearer t2"]


def test_a_second_401_is_refused(api: GentrackApi, gentrack: ScriptedServer) -> None:
    gentrack.answers("GET", ACCOUNTS, EXPIRED)
    with pytest.raises(SignInRefused, match="The token has expired"):
        api.check()
    assert len(gentrack.requests("GET", ACCOUNTS)) == 2


@pytest.mark.parametrize("answer", [Answer(401, {"errorCode": "Unauthorized"}), Answer(403), Answer(200, [])])
def test_refused_sign_in_says_no_secret(api: GentrackApi, gentrack: ScriptedServer, answer: Answer) -> None:
    gentrack.answers("POST", "/v1/token", answer)
    with pytest.raises(
        SignInRefused, match=rf"refused to sign the connector in: HTTP {answer.status}"
    ) as refused:
        api.check()
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("trouble", [LOST, *(Answer(status) for status in (408, 429, 500, 502, 503, 504))])
def test_passing_failures_are_waited_out(
    api: GentrackApi, gentrack: ScriptedServer, clock: FakeClock, trouble: Answer
) -> None:
    gentrack.answers("GET", ACCOUNTS, trouble, trouble, page(account(1)))
    assert [table.num_rows for table in api.pages("accounts", ROW)] == [1]
    assert len(clock.sleeps) == 2


def test_a_tenant_away_at_sign_in_is_waited_for(
    api: GentrackApi, gentrack: ScriptedServer, clock: FakeClock
) -> None:
    gentrack.answers("POST", "/v1/token", Answer(503), LOST, Answer(200, {"accessToken": "t1"}))
    gentrack.answers("GET", ACCOUNTS, page(account(1)))
    api.check()
    assert len(clock.sleeps) == 2


def test_retry_after_is_kept(api: GentrackApi, gentrack: ScriptedServer, clock: FakeClock) -> None:
    gentrack.answers("GET", ACCOUNTS, Answer(429, b"", {"Retry-After": "9"}), page(account(1)))
    api.check()
    assert clock.sleeps == [9]


def test_gives_up_and_says_on_what_and_for_how_long(
    api: GentrackApi, gentrack: ScriptedServer, clock: FakeClock
) -> None:
    gentrack.answers("GET", ACCOUNTS, page(account(1), following="limit=2&cursor=a"), Answer(503))
    with pytest.raises(GaveUp, match=r"Gentrack stayed away for 60 s \(GET accounts\): .*503"):
        list(api.pages("accounts", ROW))
    assert clock.now == pytest.approx(GIVE_UP_AFTER)


def test_a_refusal_carries_gentracks_words(api: GentrackApi, gentrack: ScriptedServer) -> None:
    refusal = {"errorCode": "InvalidParameter", "errorDescription": "limit must be less"}
    gentrack.answers("GET", ACCOUNTS, Answer(400, refusal))
    with pytest.raises(
        RequestRefused, match=f"GET {ACCOUNTS}: InvalidParameter: limit must be less"
    ) as refused:
        api.check()
    assert (refused.value.status, refused.value.code) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    "body", [b"<html>", {"id": 1}, {"results": None}], ids=["html", "one record", "null"]
)
def test_what_is_no_collection_is_refused(api: GentrackApi, gentrack: ScriptedServer, body: object) -> None:
    gentrack.answers("GET", ACCOUNTS, Answer(200, body))
    with pytest.raises(RequestRefused, match="is not a collection"):
        api.check()


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (
            account(7, postcode=6011),
            "in the record with id 7, billingAddress.postcode is int and should be string",
        ),
        (account(8) | {"number": ["x"]}, "in the record with id 8, number is list and should be string"),
        (account(9) | {"billingAddress": "x"}, "in the record with id 9, billingAddress is str"),
        ({"id": 2**63}, f"in the record with id {2**63}, id is int and should be int64"),
        ("gone", "a record is str"),
    ],
)
def test_a_record_that_does_not_fit_is_named(
    api: GentrackApi, gentrack: ScriptedServer, record: object, said: str
) -> None:
    gentrack.answers("GET", ACCOUNTS, page(account(1), record))
    with pytest.raises(LastingError, match=f"Gentrack's accounts do not have .*: {said}") as misfit:
        list(api.pages("accounts", ROW))
    assert "6011" not in str(misfit.value)


def test_velocity_is_read_below_its_own_path(
    gentrack: ScriptedServer, instance_at: Callable[..., Instance], clock: FakeClock
) -> None:
    instance = instance_at(gentrack_url=gentrack.url)
    section = instance.gentrack.model_copy(update={"product": "velocity"})
    gentrack.answers("GET", "/v1/velocity/accounts", page())
    secrets = GentrackSecrets(app_id="app", app_secret=SecretStr("hush-hush"))
    connect_gentrack(instance.model_copy(update={"gentrack": section}), secrets, clock).check()
    assert len(gentrack.requests("GET", "/v1/velocity/accounts")) == 1


def test_what_changed_and_the_rest_of_what_was_asked_for_come_once(
    api: GentrackApi, gentrack: ScriptedServer
) -> None:
    following = "updatedSince=2026-11-24T20%3A00%3A00%2B00%3A00&limit=2&cursor=x"
    pages = [page(account(1), account(2), following=following), page(account(3)), page(account(7))]
    gentrack.answers("GET", ACCOUNTS, *pages)
    since = datetime(2026, 11, 24, 20, tzinfo=UTC)
    found = pa.concat_tables(api.changed("accounts", ROW, since, [8, 7, 2]))
    assert found["id"].to_pylist() == [1, 2, 3, 7], "8 is not there any more"
    first, _, last = gentrack.requests("GET", ACCOUNTS)
    assert first.query == {"limit": "2", "updatedSince": "2026-11-24T20:00:00+00:00"}
    assert last.query == {"id": "7,8"}


def test_many_ids_are_asked_for_in_several_requests(api: GentrackApi, gentrack: ScriptedServer) -> None:
    gentrack.answers("GET", ACCOUNTS, page())
    list(api.changed("accounts", ROW, datetime(2026, 11, 24, tzinfo=UTC), range(450)))
    asked = [
        got.query["id"].count(",") + 1 for got in gentrack.requests("GET", ACCOUNTS) if "id" in got.query
    ]
    assert asked == [200, 200, 50]


def test_numbers_that_no_record_has_are_found_one_by_one(api: GentrackApi, gentrack: ScriptedServer) -> None:
    absent = Answer(404, {"errorCode": "NotFound", "errorDescription": "none"})
    gentrack.answers("GET", f"{ACCOUNTS}/accountNumber/00000001", LOST, Answer(200, account(1)))
    gentrack.answers("GET", f"{ACCOUNTS}/accountNumber/00000002", absent)
    gentrack.answers("GET", f"{ACCOUNTS}/accountNumber/a%2Fb", absent)
    assert api.lacking("accounts", "number", ["00000001", "00000002", "a/b"]) == ["00000002", "a/b"]


def test_numbers_of_what_has_no_address_for_them_are_looked_for_in_all(
    api: GentrackApi, gentrack: ScriptedServer
) -> None:
    gentrack.answers("GET", "/v1/junifer/agreements", page({"id": 1, "number": "G1"}))
    assert api.lacking("agreements", "number", ["G2", "G1"]) == ["G2"]
