"""Gentrack's switch for events when the network, or Gentrack, does not do as it should."""

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from connector.clients.gentrack.event_publishing import EventPublishingApi, connect_event_publishing
from connector.errors import GaveUp, RequestRefused
from connector.instance import Instance
from connector.settings import GentrackSecrets
from tests.unit.clients.conftest import FakeClock
from tests.unit.clients.scripted_server import LOST, Answer, ScriptedServer

PATH = "/v1/junifer/eventPublishing"


@pytest.fixture
def events(
    gentrack: ScriptedServer, instance_at: Callable[..., Instance], clock: FakeClock
) -> EventPublishingApi:
    secrets = GentrackSecrets(app_id="app", app_secret=SecretStr("hush-hush"))
    return connect_event_publishing(instance_at(gentrack_url=gentrack.url), secrets, clock)


def test_a_lost_answer_is_asked_for_again(gentrack: ScriptedServer, events: EventPublishingApi) -> None:
    gentrack.answers("PUT", PATH, LOST, Answer(200, {"enabled": False}))
    events.switch(on=False)
    first, second = gentrack.requests("PUT", PATH)
    assert first.body == second.body == b'{"enabled":false}'


@pytest.mark.parametrize("body", [{}, {"enabled": "yes"}, [], b"nonsense"])
def test_an_answer_that_says_nothing_is_refused(
    gentrack: ScriptedServer, events: EventPublishingApi, body: object
) -> None:
    gentrack.answers("GET", PATH, Answer(200, body))
    with pytest.raises(RequestRefused, match="does not say whether events are published"):
        events.is_on()


def test_a_tenant_without_the_switch_is_refused_with_its_reason(
    gentrack: ScriptedServer, events: EventPublishingApi
) -> None:
    said = {"errorCode": "NotFound", "errorDescription": "no such resource", "errorSeverity": "Error"}
    gentrack.answers("GET", PATH, Answer(404, said))
    with pytest.raises(RequestRefused, match=r"NotFound: no such resource") as refused:
        events.is_on()
    assert refused.value.status == 404


def test_a_tenant_that_stays_away_is_given_up(gentrack: ScriptedServer, events: EventPublishingApi) -> None:
    gentrack.answers("GET", PATH, *[Answer(503)] * 2000)
    with pytest.raises(GaveUp, match="Gentrack stayed away"):
        events.is_on()
