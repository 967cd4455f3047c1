"""Gentrack's events: kept before they are answered, and nothing is kept of a sender that can't be known."""

import time

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.api.body import MOST_BYTES
from connector.model.change import Notice, Side
from tests.api.service import INSTANCE, Service, problem
from tests.api.signed_events import event, signed


def send(service: Service, body: bytes, headers: dict[str, str], instance: str = INSTANCE) -> httpx.Response:
    return service.http.post(f"/v1/events/gentrack/{instance}", content=body, headers=headers)


def kept(service: Service) -> list[Notice]:
    return [row.notice for row in service.ledger.inbox.ready(INSTANCE, 100)]


def test_an_event_is_in_the_inbox_when_it_is_answered(service: Service) -> None:
    body = event()
    answer = send(service, body, signed(service.key, body))
    assert (answer.status_code, answer.content) == (200, b"")
    notice = kept(service)[0]
    assert (notice.side, notice.kind, notice.record_id) == (Side.GENTRACK, "accounts", "101")
    assert str(notice.changed_at) == "2026-11-24 08:00:00.123000+00:00"


def test_an_event_that_comes_twice_is_one_record_that_waits(service: Service) -> None:
    body = event()
    for _ in range(2):
        assert send(service, body, signed(service.key, body)).status_code == 200
    assert len(kept(service)) == 1


def test_an_event_without_a_record_of_its_own_names_those_that_it_refers_to(service: Service) -> None:
    body = event(eventType="switch-loss-finished", data={"accountId": 7, "meterPointId": "8", "dueAmount": 1})
    send(service, body, signed(service.key, body))
    assert {(n.kind, n.record_id) for n in kept(service)} == {("accounts", "7"), ("meterPoints", "8")}


@pytest.mark.parametrize("kind", ["integration:ping", "junifer::something", "account-merged", "bill-ready"])
def test_a_ping_and_events_about_nothing_of_ours_are_welcome(service: Service, kind: str) -> None:
    body = event(eventType=kind, data={"message": "This is a ping message"})
    assert send(service, body, signed(service.key, body)).status_code == 200
    assert kept(service) == []


def test_a_signature_of_another_body_key_or_time_is_refused_and_nothing_kept(service: Service) -> None:
    body, now = event(), time.time()
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    cut = signed(service.key, body)["X-Payload-Signature"]
    for headers in (
        {},
        {"X-Payload-Signature": ""},
        {"X-Payload-Signature": cut.replace(",v=", ",w=")},
        {"X-Payload-Signature": cut[:-8]},
        {"X-Payload-Signature": "t=1,v===="},
        signed(service.key, body + b" "),
        signed(other, body),
        signed(service.key, body, now - 301),
        signed(service.key, body, now + 330),
    ):
        assert problem(send(service, body, headers)) == (401, "SIGNATURE_REFUSED")
    assert kept(service) == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", event(createdAt="yesterday"), event(data=[1]), event(eventType="")]
)
def test_what_is_signed_and_no_event_is_refused_with_the_place(service: Service, body: bytes) -> None:
    assert problem(send(service, body, signed(service.key, body))) == (400, "NOT_AN_EVENT")
    assert kept(service) == []


def test_an_event_of_another_tenant_is_refused(service: Service) -> None:
    body = event(tenantId="61890020")
    assert problem(send(service, body, signed(service.key, body))) == (400, "OTHER_TENANT")
    assert kept(service) == []


@pytest.mark.parametrize("instance", ["11111111", "..%2F..%2Fetc", "%00"])
def test_an_instance_that_is_not_there_takes_nothing(service: Service, instance: str) -> None:
    body = event()
    assert problem(send(service, body, signed(service.key, body), instance))[0] == 404


def test_an_instance_without_a_key_takes_nothing(service: Service) -> None:
    service.add_instance("22222222", None)
    body = event(tenantId="22222222")
    assert problem(send(service, body, signed(service.key, body), "22222222")) == (404, "NO_EVENTS_HERE")


def test_a_body_may_not_be_longer_than_it_is_read(service: Service) -> None:
    body = b"x" * (MOST_BYTES + 1)
    assert problem(send(service, body, {})) == (413, "TOO_LONG")


@given(body=st.binary(max_size=400) | st.recursive(st.none() | st.text(), st.lists).map(repr).map(str.encode))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_signed_body_gets_a_clear_answer(service: Service, body: bytes) -> None:
    assert problem(send(service, body, signed(service.key, body))) == (400, "NOT_AN_EVENT")


def test_health_and_readiness(service: Service) -> None:
    assert service.http.get("/health").status_code == 204
    assert service.http.get("/ready").status_code == 204
