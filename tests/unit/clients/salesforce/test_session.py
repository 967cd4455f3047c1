"""The policy of a call: sign-in, 401, time limits, retries, giving up."""

import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.clients.retrying import Patience
from connector.clients.salesforce.org import Org, connect_salesforce
from connector.clients.salesforce.session import SalesforceSession
from connector.errors import (
    GaveUp,
    LimitReached,
    RequestRefused,
    SettingsInvalid,
    SignInRefused,
)
from connector.instance import Instance
from connector.settings import SalesforceSecrets
from connector.sync.ports import SalesforceOrg
from tests.unit.clients.conftest import GIVE_UP_AFTER, FakeClock, sign_in_answer
from tests.unit.clients.scripted_server import LOST, Answer, ScriptedServer

TOKEN = "/services/oauth2/token"
LIMITS = "/services/data/v66.0/limits/"
GOOD = Answer(200, {"DailyApiRequests": {"Max": 5, "Remaining": 4}, "Other": {"Unrelated": {"Max": 1}}})
EXPIRED = Answer(401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}])
SECRETS = SalesforceSecrets(client_id="client", client_secret=SecretStr("hush-hush"))


def test_fills_the_port(org: Org) -> None:
    port: SalesforceOrg = org
    assert port is org


def test_nothing_is_sent_before_the_first_use(org: Org, salesforce: ScriptedServer) -> None:
    assert salesforce.got == []


def test_signs_in_once_and_bears_its_token(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("GET", LIMITS, GOOD)
    assert org.limits() == {"DailyApiRequests": {"Max": 5, "Remaining": 4}}
    org.limits()
    assert len(salesforce.requests("POST", TOKEN)) == 1
    assert {got.headers["Authorization"] for got in salesforce.requests("GET", LIMITS)} == {"Bearer t1"}


def test_a_netrc_file_does_not_replace_the_token(
    org: Org, salesforce: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else")
    monkeypatch.setenv("NETRC", str(netrc))
    salesforce.answers("GET", LIMITS, GOOD)
    org.limits()
    assert salesforce.requests("GET", LIMITS)[0].headers["Authorization"] == "Bearer t1"
    assert "Authorization" not in salesforce.requests("POST", TOKEN)[0].headers


def test_signs_in_again_when_the_session_has_ended(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("GET", LIMITS, EXPIRED, GOOD)
    org.limits()
    assert [got.headers["Authorization"] for got in salesforce.requests("GET", LIMITS)] == [
        "Bearer t1",
        "Bearer t2",
    ]


def test_a_second_401_is_refused(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("GET", LIMITS, EXPIRED)
    with pytest.raises(SignInRefused, match="INVALID_SESSION_ID: Session expired or invalid"):
        org.limits()
    assert len(salesforce.requests("GET", LIMITS)) == 2


def test_threads_whose_session_ended_share_one_new_sign_in(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("GET", LIMITS, GOOD)
    org.limits()
    all_are_in = threading.Event()
    waiting = Answer(EXPIRED.status, EXPIRED.body, until=all_are_in)
    salesforce.answers("GET", LIMITS, *[waiting] * 5, GOOD)
    with ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(org.limits) for _ in range(5)]
        while len(salesforce.requests("GET", LIMITS)) < 6:
            threading.Event().wait(0.005)
        all_are_in.set()
        assert all(call.result()["DailyApiRequests"]["Max"] == 5 for call in calls)
    assert len(salesforce.requests("POST", TOKEN)) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        LOST,
        Answer(503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}]),
        Answer(500, b"oops"),
        Answer(429, b""),
        Answer(200, b"<html>maintenance</html>", {"Content-Type": "text/html"}),
        Answer(
            403,
            [
                {
                    "errorCode": "REQUEST_LIMIT_EXCEEDED",
                    "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
                }
            ],
        ),
        Answer(400, [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "locked"}]),
    ],
    ids=["lost", "503", "500", "429", "maintenance", "concurrent", "locked"],
)
def test_passing_failures_are_waited_out(
    org: Org, salesforce: ScriptedServer, clock: FakeClock, trouble: Answer
) -> None:
    salesforce.answers("GET", LIMITS, trouble, trouble, GOOD)
    assert org.limits()
    assert len(clock.sleeps) == 2
    assert clock.sleeps[0] <= 0.5
    assert clock.sleeps[1] <= 1


def test_retry_after_is_kept(org: Org, salesforce: ScriptedServer, clock: FakeClock) -> None:
    salesforce.answers("GET", LIMITS, Answer(429, b"", {"Retry-After": "17"}), GOOD)
    org.limits()
    assert clock.sleeps == [17]


def test_gives_up_and_says_on_what_and_for_how_long(
    org: Org, salesforce: ScriptedServer, clock: FakeClock
) -> None:
    salesforce.answers("GET", LIMITS, Answer(503, b""))
    with pytest.raises(GaveUp, match=rf"Salesforce stayed away for 60 s \(GET {LIMITS}\): .*503"):
        org.limits()
    assert clock.now == pytest.approx(GIVE_UP_AFTER)
    assert len(salesforce.requests("GET", LIMITS)) > 3


def test_gives_up_on_an_org_that_is_not_there(instance_at: Callable[..., Instance], clock: FakeClock) -> None:
    org = connect_salesforce(instance_at(salesforce_url="https://127.0.0.1:1"), SECRETS, clock)
    with pytest.raises(GaveUp, match="No answer: Connection refused"):
        org.user_name()
    assert clock.now == pytest.approx(GIVE_UP_AFTER)


def test_what_was_handled_before_is_not_the_reason(
    instance_at: Callable[..., Instance], clock: FakeClock
) -> None:
    """A failed run reports its failure while that is still being handled."""
    org = connect_salesforce(instance_at(salesforce_url="https://127.0.0.1:1"), SECRETS, clock)
    try:
        raise RuntimeError("Something else.")
    except RuntimeError:
        with pytest.raises(GaveUp, match="No answer: Connection refused"):
            org.user_name()


def test_the_daily_limit_is_for_a_person(org: Org, salesforce: ScriptedServer, clock: FakeClock) -> None:
    used_up = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    salesforce.answers("GET", LIMITS, Answer(403, used_up))
    with pytest.raises(LimitReached, match="TotalRequests Limit exceeded"):
        org.limits()
    assert clock.sleeps == []


def test_a_refusal_carries_the_orgs_code_and_message(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers(
        "GET", LIMITS, Answer(403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": "No API"}])
    )
    with pytest.raises(RequestRefused, match=f"GET {LIMITS}: API_DISABLED_FOR_ORG: No API") as refused:
        org.limits()
    assert (refused.value.status, refused.value.code) == (403, "API_DISABLED_FOR_ORG")


def test_a_redirect_is_not_followed(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("GET", LIMITS, Answer(302, b"", {"Location": "https://127.0.0.1:1/"}))
    with pytest.raises(RequestRefused, match="302"):
        org.limits()


def test_a_read_has_a_time_limit(
    salesforce: ScriptedServer, instance_at: Callable[..., Instance], clock: FakeClock
) -> None:
    late = threading.Event()
    salesforce.answers("GET", LIMITS, Answer(200, b"{}", until=late), GOOD)
    section = instance_at(salesforce_url=salesforce.url).salesforce
    session = SalesforceSession(section, SECRETS, Patience("Salesforce", GIVE_UP_AFTER, clock))
    session.limits = (1, 0.05)
    assert session.request("GET", LIMITS).json() == GOOD.body
    late.set()
    assert len(clock.sleeps) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            Answer(400, {"error": "invalid_client", "error_description": "invalid client credentials"}),
            "invalid client",
        ),
        (Answer(400, {"error": "invalid_grant"}), "invalid_grant"),
        (Answer(404, b"<html>"), "HTTP 404"),
        (Answer(200, {"token_type": "Bearer"}), "HTTP 200"),
    ],
)
def test_refused_sign_in_says_why_and_no_secret(
    org: Org, salesforce: ScriptedServer, answer: Answer, said: str
) -> None:
    salesforce.answers("POST", TOKEN, answer)
    with pytest.raises(SignInRefused, match=said) as refused:
        org.limits()
    assert "hush" not in str(refused.value)
    assert len(salesforce.requests("POST", TOKEN)) == 1


def test_sign_in_waits_for_an_org_that_is_away(
    org: Org, salesforce: ScriptedServer, clock: FakeClock
) -> None:
    salesforce.answers("POST", TOKEN, LOST, Answer(503, b""), sign_in_answer(salesforce.url, "t1"))
    salesforce.answers("GET", LIMITS, GOOD)
    assert org.limits()
    assert len(clock.sleeps) == 2


def test_an_org_address_without_tls_is_refused(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("POST", TOKEN, sign_in_answer("http://127.0.0.1", "t1"))
    with pytest.raises(SignInRefused, match="not https"):
        org.limits()


def test_an_unknown_ca_is_for_a_person(
    salesforce: ScriptedServer, instance_at: Callable[..., Instance], clock: FakeClock
) -> None:
    instance = instance_at(salesforce_url=salesforce.url)
    stranger = instance.model_copy(
        update={"salesforce": instance.salesforce.model_copy(update={"ca_file": None})}
    )
    with pytest.raises(SettingsInvalid, match="certificate can't be verified"):
        connect_salesforce(stranger, SECRETS, clock).limits()
    assert clock.sleeps == []


def test_a_ca_file_that_is_not_there_is_for_a_person(
    instance_at: Callable[..., Instance], tmp_path: Path
) -> None:
    instance = instance_at()
    section = instance.salesforce.model_copy(update={"ca_file": tmp_path / "ca.pem"})
    with pytest.raises(SettingsInvalid, match=r"ca\.pem is not there"):
        connect_salesforce(instance.model_copy(update={"salesforce": section}), SECRETS).limits()


def test_the_ca_file_stands_against_the_environment(
    org: Org,
    salesforce: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ssl.get_default_verify_paths().cafile or "/nowhere")
    salesforce.answers("GET", LIMITS, GOOD)
    assert org.limits()
