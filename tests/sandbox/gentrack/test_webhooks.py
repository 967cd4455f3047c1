"""Webhooks of a tenant, received over HTTP: signed, retried, in order, and disturbed when told to."""

import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from email.message import EmailMessage
from itertools import count, islice

import httpx
import pytest

from sandbox.gentrack.tenant import Tenant
from sandbox.gentrack.webhooks import DeliveryFault, DeliveryFaultKind, Habits, Subscription
from sandbox.gentrack.webhooks.signature import public_pem
from sandbox.seed import Dataset
from tests.sandbox.gentrack.webhook_receiver import Receiver, is_signed, receiving

IMPATIENT = Habits.model_validate({"first_retry_seconds": 0.01, "longest_retry_seconds": 0.02})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def subscribed(tenant: Tenant, receiver: Receiver) -> Iterator[Tenant]:
    tenant.webhook.habits = IMPATIENT
    tenant.webhook.subscribe(Subscription(receiver.url, emails=("ops@example.com",)))
    with tenant.webhook.running():
        yield tenant


ACCOUNTS = list(islice((Dataset(2_300, 2).accounts.ids.at(index) for index in count()), 6))
ONE, OTHER = ACCOUNTS[:2]


def _change(client: httpx.Client, account: int, name: str) -> None:
    client.patch(f"/accounts/{account}", json={"tradingName": name}).raise_for_status()


def _statuses(tenant: Tenant, count: int) -> list[int]:
    """The statuses of so many attempts, once they are logged."""
    deadline = time.monotonic() + 10
    while len(log := tenant.webhook.log.as_json()) < count:
        assert time.monotonic() < deadline, log
    return [attempt["response"]["status"] for attempt in log]


def test_an_event_arrives_signed(subscribed: Tenant, client: httpx.Client, receiver: Receiver) -> None:
    before = int(time.time())
    _change(client, ONE, "Ōtaki")
    (got,) = receiver.wait(1)
    assert is_signed(got.signature, got.body, public_pem(subscribed.webhook.key))
    assert before <= got.timestamp <= time.time()
    event = got.event
    assert list(event) == ["appId", "createdAt", "data", "eventId", "eventType", "tenantId", "version"]
    assert (event["appId"], event["tenantId"]) == (subscribed.app.app_id, subscribed.app.tenant_id)
    assert (event["eventType"], event["data"]["id"]) == ("account-updated", ONE)
    assert event == subscribed.publisher.published[0]
    assert _statuses(subscribed, 1) == [200]


def test_only_subscribed_types_are_sent_and_a_ping_always(
    subscribed: Tenant, client: httpx.Client, receiver: Receiver
) -> None:
    subscribed.webhook.subscribe(Subscription(receiver.url, events=("customer-created",)))
    _change(client, ONE, "x")
    client.post("/customers", json={"name": "New"}).raise_for_status()
    subscribed.publisher.send_test("integration:ping", {"message": "This is a ping message"})
    assert {got.event["eventType"] for got in receiver.wait(2)} == {"customer-created", "integration:ping"}


def test_nothing_is_sent_of_what_happened_while_publishing_was_off(
    subscribed: Tenant, client: httpx.Client, receiver: Receiver
) -> None:
    client.put("/eventPublishing", json={"enabled": False})
    _change(client, ONE, "off")
    client.put("/eventPublishing", json={"enabled": True})
    _change(client, OTHER, "on")
    (got,) = receiver.wait(1)
    assert got.event["data"]["id"] == OTHER
    assert len(subscribed.webhook.outbox) <= 1


def test_refused_deliveries_are_tried_again(
    subscribed: Tenant, client: httpx.Client, receiver: Receiver
) -> None:
    answers = iter([500, 401, 200])
    receiver.answer = lambda _received: next(answers)
    _change(client, ONE, "x")
    got = receiver.wait(3)
    assert len({each.body for each in got}) == 1
    assert _statuses(subscribed, 3) == [500, 401, 200]
    log = subscribed.webhook.log.as_json()
    assert [attempt["deliveryAttempt"] for attempt in log] == [1, 2, 3]
    assert [attempt["success"] for attempt in log] == [False, False, True]


def test_an_endpoint_that_is_away_or_silent_is_tried_again(
    subscribed: Tenant, client: httpx.Client, receiver: Receiver
) -> None:
    subscribed.webhook.habits = IMPATIENT.changed({"timeout_seconds": 0.2})
    silence = threading.Event()
    receiver.answer = lambda _received: 200 + silence.wait(0.6)
    _change(client, ONE, "x")
    assert _statuses(subscribed, 1)[0] == 0
    silence.set()
    subscribed.webhook.subscribe(Subscription("http://127.0.0.1:9/nobody"))
    _change(client, OTHER, "x")
    _statuses(subscribed, 4)
    said = {attempt["response"]["statusText"] for attempt in subscribed.webhook.log.as_json()}
    assert {"no answer in 0.2 s", "ConnectError"} <= said


def test_seven_failures_are_told_once_and_the_recovery_too(
    subscribed: Tenant, client: httpx.Client, receiver: Receiver
) -> None:
    mails: list[EmailMessage] = []
    told = threading.Condition()

    def mail(message: EmailMessage) -> None:
        with told:
            mails.append(message)
            told.notify_all()

    subscribed.webhook.mailer = mail
    receiver.answer = lambda _received: 503
    _change(client, ONE, "given up")
    _change(client, OTHER, "given up too")
    receiver.wait(14)
    receiver.answer = lambda _received: 200
    _change(client, ONE, "arrives")
    receiver.wait(15)
    with told:
        assert told.wait_for(lambda: len(mails) >= 2, timeout=10)
    alert, recovery = sorted(mails, key=lambda message: message["Subject"])
    assert ("fails" in alert["Subject"], "works again" in recovery["Subject"]) == (True, True)
    assert alert["To"] == "administrator@sandbox.example, ops@example.com"
    assert "7 attempts" in alert.get_content()
    assert _statuses(subscribed, 15).count(503) == 14


def test_a_test_tenant_sends_no_mail_and_a_production_one_tells_of_changes(tenant: Tenant) -> None:
    mails: list[EmailMessage] = []
    sent = threading.Semaphore(0)

    def mail(message: EmailMessage) -> None:
        mails.append(message)
        sent.release()

    tenant.webhook.mailer = mail
    tenant.webhook.habits = IMPATIENT.changed({"production": False})
    tenant.webhook.subscribe(Subscription("https://one.example/events"))
    tenant.webhook.habits = IMPATIENT
    tenant.webhook.subscribe(Subscription("https://two.example/events", emails=("ops@example.com",)))
    assert sent.acquire(timeout=10)
    (told,) = mails
    assert "two.example" in told.get_content()


def test_many_changes_arrive_in_order_of_each_record(
    subscribed: Tenant, client: httpx.Client, receiver: Receiver
) -> None:
    refused = iter([True, False, False] * 100)
    receiver.answer = lambda _received: 503 if next(refused) else 200
    arrived: defaultdict[int, list[str]] = defaultdict(list)
    for round_ in range(10):
        for account in ACCOUNTS:
            _change(client, account, str(round_))
    deadline = time.monotonic() + 20
    while subscribed.webhook.log.succeeded < 60:
        assert time.monotonic() < deadline
    by_id = {event["eventId"]: event for event in subscribed.publisher.published}
    for attempt in subscribed.webhook.log.as_json():
        if attempt["success"]:
            arrived[by_id[attempt["eventId"]]["data"]["id"]].append(attempt["eventId"])
    for account in ACCOUNTS:
        expected = [event["eventId"] for event in by_id.values() if event["data"]["id"] == account]
        assert arrived[account] == expected
    assert len(receiver.received) > 80


def _fault(tenant: Tenant, kind: DeliveryFaultKind, seconds: float | None = None) -> None:
    tenant.webhook.faults.add(DeliveryFault(kind, seconds=seconds))


def test_a_lost_event_never_arrives(subscribed: Tenant, client: httpx.Client, receiver: Receiver) -> None:
    _fault(subscribed, DeliveryFaultKind.LOST)
    _change(client, ONE, "lost")
    _change(client, ONE, "arrives")
    (got,) = receiver.wait(1)
    assert got.event == subscribed.publisher.published[1]
    lost = subscribed.webhook.log.as_json()[0]
    assert (lost["fault"], lost["deliveryAttempt"], lost["success"]) == ("lost", 0, False)


def test_a_doubled_event_arrives_twice(subscribed: Tenant, client: httpx.Client, receiver: Receiver) -> None:
    _fault(subscribed, DeliveryFaultKind.DOUBLED)
    _change(client, ONE, "x")
    first, second = receiver.wait(2)
    assert first.event == second.event


@pytest.mark.parametrize("kind", [DeliveryFaultKind.REORDERED, DeliveryFaultKind.DELAYED])
def test_an_event_that_comes_late(
    subscribed: Tenant, client: httpx.Client, receiver: Receiver, kind: DeliveryFaultKind
) -> None:
    _fault(subscribed, kind, seconds=1.0)
    for name in ("first", "second"):
        _change(client, ONE, name)
    _change(client, OTHER, "other")
    order = [event["eventId"] for event in subscribed.publisher.published]
    got = [received.event["eventId"] for received in receiver.wait(3)]
    late = [order[1], order[0]] if kind is DeliveryFaultKind.REORDERED else order[:2]
    assert [each for each in got if each in order[:2]] == late
    assert got.index(order[2]) < got.index(order[0])


def test_a_wrong_signature_and_a_stale_timestamp(
    subscribed: Tenant, client: httpx.Client, receiver: Receiver
) -> None:
    key = public_pem(subscribed.webhook.key)
    receiver.answer = lambda got: 200 if is_signed(got.signature, got.body, key) else 401
    _fault(subscribed, DeliveryFaultKind.WRONG_SIGNATURE)
    _change(client, ONE, "x")
    receiver.wait(2)
    assert _statuses(subscribed, 2) == [401, 200]
    _fault(subscribed, DeliveryFaultKind.STALE_TIMESTAMP)
    _change(client, ONE, "y")
    stale = receiver.wait(3)[2]
    assert 3_590 < time.time() - stale.timestamp < 3_610
    assert is_signed(stale.signature, stale.body, key)


def test_without_a_subscription_nothing_waits(tenant: Tenant, client: httpx.Client) -> None:
    _change(client, ONE, "x")
    assert len(tenant.webhook.outbox) == 0
    tenant.webhook.subscribe(Subscription("http://127.0.0.1:9/nobody"))
    _change(client, ONE, "x")
    assert len(tenant.webhook.outbox) == 1
    tenant.webhook.subscribe(None)
    assert len(tenant.webhook.outbox) == 0


def test_stopping_does_not_wait_for_a_silent_endpoint(tenant: Tenant, client: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tenant.webhook.subscribe(Subscription(f"http://127.0.0.1:{silent.getsockname()[1]}/"))
        began = time.monotonic()
        with tenant.webhook.running():
            _change(client, ONE, "x")
            silent.accept()[0].close()
        assert time.monotonic() - began < tenant.webhook.habits.timeout_seconds
