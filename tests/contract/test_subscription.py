"""The subscription against the org's real event bus: nothing is lost, and what is not told is asked for."""

import threading
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from connector.clients.salesforce.event_bus import connect_event_bus
from connector.clients.salesforce.org import Org, connect_salesforce
from connector.errors import RequestRefused
from connector.instance import Instance
from connector.model.change import Side
from connector.model.org_event import TRIGGERS_CHANNEL, change_channel
from connector.settings import SalesforceSecrets
from connector.store.ledger import SqlLedger, open_ledger
from deployments.sandbox_process import Sandbox
from tests.contract.listening import Listener

ACCOUNTS, CONTACTS, POINTS = (change_channel(name) for name in ("Account", "Contact", "Service_Point__c"))
CAPTURED = ["Account", "Contact", "Service_Point__c"]


@pytest.fixture(scope="module")
def listener(
    contract_sandbox: Sandbox, instance: Instance, salesforce_secrets: SalesforceSecrets
) -> Iterator[Listener]:
    """The org captures changes of three objects meanwhile, and is never silent for long."""
    given = contract_sandbox.salesforce
    with httpx.Client(base_url=given.url, timeout=30) as org:
        listener = Listener(instance, salesforce_secrets, given.pubsub_endpoint, org)
        listener.sign_in()
        org.put("/sandbox/change-data-capture", json={"objects": CAPTURED}).raise_for_status()
        org.patch("/sandbox/settings", json={"keepalive_seconds": 0.1}).raise_for_status()
        yield listener
        org.delete("/sandbox/faults").raise_for_status()
        org.patch("/sandbox/settings", json={"keepalive_seconds": 270}).raise_for_status()
        org.put("/sandbox/change-data-capture", json={"objects": []}).raise_for_status()


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


@pytest.fixture
def somebody(contract_sandbox: Sandbox, instance: Instance) -> Org:
    """The org for a person who works in it."""
    given = contract_sandbox.salesforce
    key = {"username": given.administrator, "private_key_file": given.private_key_file}
    return connect_salesforce(instance, SalesforceSecrets(client_id=given.client_id, **key))


def noticed(ledger: SqlLedger, instance: Instance) -> set[tuple[str, str]]:
    rows = [row.notice for row in ledger.inbox.ready(instance.id, 100)]
    assert {notice.side for notice in rows} <= {Side.SALESFORCE}
    assert all(notice.changed_at is not None for notice in rows)
    return {(notice.kind, notice.record_id) for notice in rows}


def listeners() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("events ")]


def test_changes_reach_the_inbox_and_a_later_subscription_goes_on_where_one_ended(
    listener: Listener, ledger: SqlLedger
) -> None:
    with listener.listening(ledger.replays, *CAPTURED) as (subscription, intake):
        intake.stands(ACCOUNTS, CONTACTS, POINTS)
        account = listener.create("Account", Name="heard")
        contact = listener.create("Contact", LastName="heard", AccountId=account)
        assert set(intake.records(2)) == {account, contact}
        health = subscription.health()
    assert (health.connected, health.told) == (True, "")
    assert health.since is not None
    assert health.last_event is not None
    assert health.since <= health.last_event
    assert listeners() == []
    point = listener.create("Service_Point__c", Name="meanwhile", Account__c=account)
    with listener.listening(ledger.replays, *CAPTURED) as (_, intake):
        assert intake.records(1) == [point]
    expected = {("Account", account), ("Contact", contact), ("Service_Point__c", point)}
    assert noticed(ledger, listener.instance) == expected


def test_what_was_received_and_not_kept_is_told_again(listener: Listener, ledger: SqlLedger) -> None:
    with listener.listening(ledger.replays, "Account") as (subscription, intake):
        intake.stands(ACCOUNTS)
        intake.lost = 1
        account = listener.create("Account", Name="told again")
        assert intake.records(1) == [account]
        assert subscription.health().connected


def test_a_broken_stream_loses_nothing(listener: Listener, ledger: SqlLedger) -> None:
    with listener.listening(ledger.replays, "Account") as (_, intake):
        intake.stands(ACCOUNTS)
        listener.fault(kind="drop-stream", path="Account")
        account = listener.create("Account", Name="while it broke")
        assert intake.records(1) == [account]


def test_a_session_that_ends_is_signed_in_again(listener: Listener, ledger: SqlLedger) -> None:
    with listener.listening(ledger.replays, "Account") as (_, intake):
        intake.stands(ACCOUNTS)
        listener.org.delete("/sandbox/sessions").raise_for_status()
        listener.sign_in()
        account = listener.create("Account", Name="after a sign-in")
        assert intake.records(1) == [account]


def test_an_event_that_the_org_forgot_is_left_to_the_poll(listener: Listener, ledger: SqlLedger) -> None:
    with listener.listening(ledger.replays, "Account") as (_, intake):
        intake.stands(ACCOUNTS)
    assert ledger.replays.replay_id(listener.instance.id, ACCOUNTS) is not None
    listener.create("Account", Name="never told")
    listener.org.delete("/sandbox/events").raise_for_status()
    with listener.listening(ledger.replays, "Account") as (subscription, intake):
        assert listener.is_asked_to_poll()
        intake.stands(ACCOUNTS)
        account = listener.create("Account", Name="told")
        assert intake.records(1) == [account]
        assert subscription.health().connected


@pytest.mark.parametrize(("kind", "ids"), [("gap-event", 1), ("overflow-event", 0)])
def test_what_an_event_does_not_tell_is_polled_for(
    listener: Listener, ledger: SqlLedger, org: Org, kind: str, ids: int
) -> None:
    with listener.listening(ledger.replays, "Account") as (_, intake):
        intake.stands(ACCOUNTS)
        listener.fault(kind=kind, object="Account")
        account = org.create_record("Account", {"Name": "whose it is, nobody can say"})
        assert listener.is_asked_to_poll()
        assert intake.records(ids) == [account] * ids


def test_our_own_changes_are_passed_over_and_nobody_elses(
    listener: Listener, ledger: SqlLedger, org: Org
) -> None:
    with listener.listening(ledger.replays, "Account") as (_, intake):
        intake.stands(ACCOUNTS)
        ours = org.create_record("Account", {"Name": "ours"})
        theirs = listener.create("Account", Name="of the same user")
        assert intake.records(1) == [theirs]
        org.delete_record("Account", ours)
        listener.org.delete(f"/services/data/v66.0/sobjects/Account/{theirs}").raise_for_status()
        assert intake.records(1) == [theirs]


def test_a_channel_that_may_not_be_heard_is_told_once_and_the_others_go_on(
    listener: Listener, ledger: SqlLedger, caplog: pytest.LogCaptureFixture
) -> None:
    with listener.listening(ledger.replays, "Order", "Account") as (subscription, intake):
        intake.stands(ACCOUNTS)
        account = listener.create("Account", Name="heard beside it")
        assert intake.records(1) == [account]
        health = subscription.health()
    assert health.connected
    assert "Setup, Change Data Capture" in health.told
    assert caplog.text.count("polling goes on") == 1


def test_doctor_is_told_what_each_channel_takes(listener: Listener) -> None:
    relations = change_channel("AccountContactRelation")
    captured = {"objects": [*CAPTURED, "AccountContactRelation"]}
    listener.org.put("/sandbox/change-data-capture", json=captured).raise_for_status()
    with closing(connect_event_bus(listener.instance, listener.secrets)) as bus:
        bus.check(ACCOUNTS)
        with pytest.raises(RequestRefused, match="Select the object in Setup, Change Data Capture"):
            bus.check(change_channel("Order"))
        with pytest.raises(RequestRefused, match="View All Data"):
            bus.check(relations)
    listener.org.put("/sandbox/change-data-capture", json={"objects": CAPTURED}).raise_for_status()


def test_what_the_triggers_publish_is_heard_unless_it_is_ours(
    listener: Listener, ledger: SqlLedger, org: Org, somebody: Org
) -> None:
    channels = (TRIGGERS_CHANNEL,)
    with listener.listening(ledger.replays, "Account", channels=channels) as (_, intake):
        intake.stands(TRIGGERS_CHANNEL)
        org.create_record("Account", {"Name": "ours"})
        theirs = somebody.create_record("Account", {"Name": "theirs"})
        somebody.delete_record("Account", theirs)
        assert intake.records(2) == [theirs, theirs]


def test_one_channel_may_tell_of_all_objects(listener: Listener, ledger: SqlLedger) -> None:
    channels = ("/data/ChangeEvents",)
    with listener.listening(ledger.replays, "Contact", channels=channels) as (_, intake):
        intake.stands(*channels)
        account = listener.create("Account", Name="of no object that counts")
        contact = listener.create("Contact", LastName="heard", AccountId=account)
        assert intake.records(1) == [contact]


def test_a_bus_that_is_away_is_waited_for_and_found_again(listener: Listener, ledger: SqlLedger) -> None:
    with listener.listening(ledger.replays, "Account") as (subscription, intake):
        intake.stands(ACCOUNTS)
        listener.org.patch("/sandbox/settings", json={"pubsub": False}).raise_for_status()
        account = listener.create("Account", Name="while it was away")
        listener.org.patch("/sandbox/settings", json={"pubsub": True}).raise_for_status()
        assert intake.records(1) == [account]
        assert subscription.health().connected


def test_a_subscription_is_given_up_while_the_org_cannot_be_reached(
    listener: Listener, ledger: SqlLedger
) -> None:
    nobody = Listener(listener.instance, listener.secrets, "127.0.0.1:9", listener.org)
    with nobody.listening(ledger.replays, *CAPTURED) as (subscription, _):
        assert not subscription.health().connected
    assert listeners() == []
