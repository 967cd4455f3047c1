"""The Pub/Sub API over gRPC: topics, schemas, flow control, replay, refusals, publishing, and faults."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from grpc import StatusCode

from eventbus import methods
from eventbus.pubsub_api_pb2 import (
    CUSTOM,
    EARLIEST,
    FetchRequest,
    FetchResponse,
    ProducerEvent,
    PublishRequest,
)
from sandbox.salesforce.streaming.avro import EventSchema
from tests.sandbox.salesforce.org_client import DATA, OrgClient
from tests.sandbox.salesforce.streaming.bus_client import BusClient, refusal_of

ACCOUNTS = "/data/AccountChangeEvent"
TRIGGERS = "/event/Gentrack_Object_Event__e"


@pytest.fixture(scope="module")
def bus(org: OrgClient) -> Iterator[BusClient]:
    """A client; changes of accounts and contacts are captured meanwhile, and silence is short."""
    address = "/sandbox/change-data-capture"
    org.http.put(address, json={"objects": ["Account", "Contact"]}).raise_for_status()
    org.http.patch("/sandbox/settings", json={"keepalive_seconds": 0.1}).raise_for_status()
    client = BusClient(org)
    yield client
    client.channel.close()
    org.http.patch("/sandbox/settings", json={"keepalive_seconds": 270, "limits": {}})
    org.http.put(address, json={"objects": []})


def _refused(call: Callable[[], object]) -> tuple[StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return refusal_of(caught.value)


def _fault(org: OrgClient, **fault: Any) -> None:
    org.http.post("/sandbox/faults", json=fault).raise_for_status()


def test_topics_tell_what_the_user_may(bus: BusClient) -> None:
    event, changes, everything = (bus.topic(name) for name in (TRIGGERS, ACCOUNTS, "/data/ChangeEvents"))
    assert (event.can_subscribe, event.can_publish) == (True, True)
    assert (changes.can_subscribe, changes.can_publish) == (True, False)
    assert (everything.can_subscribe, everything.schema_id) == (True, "")
    assert event.tenant_guid == bus.metadata["tenantid"]
    schema = bus.schema(changes.schema_id)
    assert schema.schema_id == changes.schema_id
    assert json.loads(schema.schema_json)["name"] == "AccountChangeEvent"


def test_what_is_not_there_is_refused(bus: BusClient) -> None:
    not_found = (StatusCode.NOT_FOUND, "topic.not.found")
    for name in ("/data/OrderChangeEvent", "/event/Nope__e", "/event/Account", "Account", "/topic/x"):
        assert _refused(lambda name=name: bus.topic(name)) == not_found  # type: ignore[misc]
    assert _refused(lambda: bus.topic(" ")) == (StatusCode.INVALID_ARGUMENT, "topic.validation.empty")
    assert _refused(lambda: bus.schema("")) == (StatusCode.INVALID_ARGUMENT, "schema.validation.failed")
    assert _refused(lambda: bus.schema("nope"))[0] is StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accesstoken", ""),
        ("instanceurl", ""),
        ("instanceurl", "https://other.my.salesforce.com"),
        ("instanceurl", "here"),
        ("tenantid", ""),
        ("tenantid", "00D000000000001AAA"),
    ],
)
def test_headers_that_name_nobody_are_refused(bus: BusClient, name: str, value: str) -> None:
    refused = _refused(lambda: bus.topic(TRIGGERS, **{name: value}))
    assert refused == (StatusCode.UNAUTHENTICATED, "service.auth.headers.invalid")


def test_a_session_that_ended_is_refused_also_in_the_middle_of_a_stream(
    org: OrgClient, bus: BusClient
) -> None:
    unknown = (StatusCode.UNAUTHENTICATED, "service.auth.error")
    assert _refused(lambda: bus.topic(TRIGGERS, accesstoken="nope")) == unknown
    own = BusClient(org)
    stream = own.latest(TRIGGERS)
    org.http.post("/services/oauth2/revoke", data={"token": own.metadata["accesstoken"]}).raise_for_status()
    assert stream.refusal() == unknown
    own.channel.close()


def test_a_managed_subscription_is_not_offered(bus: BusClient) -> None:
    call = bus.channel.stream_stream(
        f"/{methods.SERVICE}/ManagedSubscribe", FetchRequest.SerializeToString, FetchResponse.FromString
    )
    refused = _refused(lambda: next(call(iter([FetchRequest()]), metadata=tuple(bus.metadata.items()))))
    assert refused == (StatusCode.UNIMPLEMENTED, "")


def test_no_more_events_come_than_were_asked_for(org: OrgClient, bus: BusClient) -> None:
    stream = bus.latest(ACCOUNTS, count=2)
    names = [f"flow {number}" for number in range(5)]
    for name in names:
        org.create("Account", Name=name)
    assert [payload["Name"] for payload in stream.payloads(2)] == names[:2]
    silent = next(stream)
    assert (len(silent.events), silent.pending_num_requested) == (0, 0)
    stream.ask(1)
    stream.ask(1_000, ACCOUNTS)
    assert [payload["Name"] for payload in stream.payloads(3)] == names[2:]
    assert next(stream).pending_num_requested == 98
    stream.close()


def test_a_replay_begins_after_an_event_or_a_sign_of_life(org: OrgClient, bus: BusClient) -> None:
    stream = bus.latest(ACCOUNTS)
    org.create("Account", Name="before")
    (event,) = stream.events(1)
    org.create("Contact", LastName="between")
    while (silent := next(stream)).latest_replay_id == event.replay_id or silent.events:
        pass
    org.create("Account", Name="after")
    for replay_id in (event.replay_id, event.replay_id[:8], silent.latest_replay_id):
        again = bus.subscribe(ACCOUNTS, CUSTOM, replay_id=replay_id)
        assert again.payloads(1)[0]["Name"] == "after"
    stream.close()


def test_requests_that_mean_nothing_end_the_stream(bus: BusClient) -> None:
    invalid = StatusCode.INVALID_ARGUMENT
    code = "subscription.fetch."
    assert bus.subscribe(TRIGGERS, count=0).refusal() == (invalid, f"{code}requested.events.invalid")
    assert bus.subscribe(TRIGGERS, CUSTOM).refusal() == (invalid, f"{code}replayid.validation.failed")
    for replay_id in (b"x", bytes(8), b"\xff" * 8):
        refused = bus.subscribe(TRIGGERS, CUSTOM, replay_id=replay_id).refusal()
        assert refused == (invalid, f"{code}replayid.corrupted")
    stream = bus.latest(TRIGGERS)
    stream.ask(1, ACCOUNTS)
    assert stream.refusal() == (invalid, f"{code}topic.mismatch")
    stream = bus.latest(TRIGGERS)
    stream.ask(-1)
    assert stream.refusal() == (invalid, f"{code}requested.events.invalid")


def test_replay_ids_of_before_a_move_are_corrupted(org: OrgClient, bus: BusClient) -> None:
    org.create("Account", Name="x")
    (event,) = bus.subscribe(ACCOUNTS, EARLIEST, count=1).events(1)
    org.http.delete("/sandbox/events").raise_for_status()
    refused = bus.subscribe(ACCOUNTS, CUSTOM, replay_id=event.replay_id).refusal()
    assert refused == (StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted")


def test_a_broken_stream_loses_nothing_and_a_delay_loses_nothing_either(
    org: OrgClient, bus: BusClient
) -> None:
    stream = bus.latest(ACCOUNTS)
    at = next(stream).latest_replay_id
    _fault(org, kind="drop-stream", path="Account")
    _fault(org, kind="delay-events", seconds=0.2)
    org.create("Account", Name="not lost")
    assert stream.refusal() == (StatusCode.UNAVAILABLE, "service.unavailable")
    again = bus.subscribe(ACCOUNTS, CUSTOM, replay_id=at)
    assert again.payloads(1)[0]["Name"] == "not lost"


def test_the_service_goes_away_and_comes_back(org: OrgClient, bus: BusClient) -> None:
    own = BusClient(org)
    stream = own.latest(ACCOUNTS)
    at = next(stream).latest_replay_id
    org.http.patch("/sandbox/settings", json={"pubsub": False}).raise_for_status()
    assert stream.refusal()[0] in {StatusCode.UNAVAILABLE, StatusCode.CANCELLED}
    assert _refused(lambda: own.topic(ACCOUNTS))[0] is StatusCode.UNAVAILABLE
    org.create("Account", Name="meanwhile")
    org.http.patch("/sandbox/settings", json={"pubsub": True}).raise_for_status()
    own.channel.close()
    own = BusClient(org)
    assert own.subscribe(ACCOUNTS, CUSTOM, replay_id=at).payloads(1)[0]["Name"] == "meanwhile"
    own.channel.close()


def test_the_allowance_of_delivered_events_is_kept(org: OrgClient, bus: BusClient) -> None:
    limits = org.http.get(f"{DATA}/limits").json()["DailyDeliveredPlatformEvents"]
    stream = bus.latest(ACCOUNTS)
    org.http.patch(
        "/sandbox/settings",
        json={"limits": {"DailyDeliveredPlatformEvents": limits["Max"] - limits["Remaining"]}},
    ).raise_for_status()
    org.create("Account", Name="too much")
    exhausted = (StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded")
    assert stream.refusal() == exhausted
    org.http.patch("/sandbox/settings", json={"limits": {}}).raise_for_status()


@pytest.mark.parametrize("kind", ["gap-event", "overflow-event"])
def test_gaps_and_overflows_carry_no_fields(org: OrgClient, bus: BusClient, kind: str) -> None:
    stream = bus.latest(ACCOUNTS)
    _fault(org, kind=kind, object="Account")
    record = org.create("Account", Name="x")
    (payload,) = stream.payloads(1)
    header = payload.pop("ChangeEventHeader")
    expected = ("GAP_CREATE", [record]) if kind == "gap-event" else ("GAP_OVERFLOW", ["000000000000000AAA"])
    assert (header["changeType"], header["recordIds"]) == expected
    assert set(payload.values()) == {None}
    stream.close()


def test_a_bulk_load_tells_each_row_by_chunks_and_its_deletion_by_many(
    org: OrgClient, bus: BusClient, mark: str
) -> None:
    stream = bus.latest(ACCOUNTS)
    rows = "".join(f"{mark}-{number},Bulk {number}\n" for number in range(450))
    loaded = org.load("Account", f"Gentrack_External_Id__c,Name\n{rows}")
    for _ in range(4):
        stream.ask(100)
    payloads = stream.payloads(450)
    headers = [payload["ChangeEventHeader"] for payload in payloads]
    assert {payload["Name"] for payload in payloads} == {f"Bulk {number}" for number in range(450)}
    assert {header["changeOrigin"] for header in headers} == {"com/salesforce/api/bulkapi/66.0"}
    assert len({header["transactionKey"] for header in headers}) == 3
    assert [header["sequenceNumber"] for header in headers[198:202]] == [199, 200, 1, 2]
    ids = [row["sf__Id"] for row in loaded.succeeded]
    org.load("Account", "Id\n" + "\n".join(ids) + "\n", "delete")
    gone = [payload["ChangeEventHeader"] for payload in stream.payloads(3)]
    assert [len(header["recordIds"]) for header in gone] == [200, 200, 50]
    assert {record for header in gone for record in header["recordIds"]} == set(ids)
    stream.close()


def test_what_goes_along_with_a_parent_is_told_after_it(org: OrgClient, bus: BusClient) -> None:
    account = org.create("Account", Name="parent")
    streams = {name: bus.latest(f"/data/{name}ChangeEvent") for name in ("Account", "Contact")}
    contact = org.create("Contact", LastName="child", AccountId=account)
    org.http.delete(f"{DATA}/sobjects/Account/{account}").raise_for_status()
    (parent,) = streams["Account"].payloads(1)
    _, child = streams["Contact"].payloads(2)
    assert parent["ChangeEventHeader"]["recordIds"] == [account]
    assert child["ChangeEventHeader"]["recordIds"] == [contact]
    assert parent["ChangeEventHeader"]["transactionKey"] == child["ChangeEventHeader"]["transactionKey"]
    assert parent["ChangeEventHeader"]["sequenceNumber"] < child["ChangeEventHeader"]["sequenceNumber"]
    for stream in streams.values():
        stream.close()


def test_of_all_changes_a_user_hears_those_of_objects_that_it_sees_all_of(
    org: OrgClient, bus: BusClient
) -> None:
    address = "/sandbox/change-data-capture"
    org.http.put(address, json={"objects": ["Account", "Contact", "OrderItem", "AccountContactRelation"]})
    stream = bus.latest("/data/ChangeEvents")
    account = org.create("Account", Name="heard")
    contact = org.create("Contact", LastName="heard, its relation not", AccountId=account)
    last = org.create("Account", Name="heard after it")
    headers = [payload["ChangeEventHeader"] for payload in stream.payloads(3)]
    assert [header["recordIds"] for header in headers] == [[account], [contact], [last]]
    stream.close()
    denied = bus.subscribe("/data/AccountContactRelationChangeEvent").refusal()
    assert denied == (StatusCode.PERMISSION_DENIED, "subscription.topic.cannot.subscribe")
    org.http.put(address, json={"objects": ["Account", "Contact"]}).raise_for_status()


def test_what_is_rolled_back_is_not_told(org: OrgClient, bus: BusClient) -> None:
    stream = bus.latest(ACCOUNTS)
    records = [{"attributes": {"type": "Account"}, "Name": "A"}, {"attributes": {"type": "Account"}}]
    org.http.post(f"{DATA}/composite/sobjects", json={"allOrNone": True, "records": records})
    org.create("Account", Name="told")
    assert stream.payloads(1)[0]["Name"] == "told"
    stream.close()


def test_long_events_are_sent_in_several_messages(org: OrgClient, bus: BusClient) -> None:
    stream = bus.latest(TRIGGERS)
    records = [
        {"attributes": {"type": "Account"}, "Name": f"long {number}", "Description": "x" * 32_000}
        for number in range(120)
    ]
    org.http.post(f"{DATA}/composite/sobjects", json={"records": records}).raise_for_status()
    stream.ask(100)
    sizes, events = list[int](), 0
    while events < 120:
        response = next(stream)
        events += len(response.events)
        sizes.append(response.ByteSize())
    assert 2_900_000 < max(sizes) < 4_000_000
    stream.close()


def test_events_are_published_by_either_api(org: OrgClient, bus: BusClient) -> None:
    topic = bus.topic(TRIGGERS)
    schema = EventSchema("x", json.loads(bus.schema(topic.schema_id).schema_json))
    stream = bus.latest(TRIGGERS)
    payload = {"CreatedDate": 5, "CreatedById": "005x", "Operation_Type__c": "insert", "Object_Type__c": "A"}
    good = ProducerEvent(id="mine", schema_id=topic.schema_id, payload=schema.encode(payload))
    garbled = ProducerEvent(id="garbled", schema_id=topic.schema_id, payload=b"")
    foreign = ProducerEvent(id="foreign", schema_id="other", payload=good.payload)
    request = PublishRequest(topic_name=TRIGGERS, events=[good, garbled, foreign])
    results = bus.publish(request).results
    assert [result.correlation_key for result in results] == ["mine", "garbled", "foreign"]
    assert [bool(result.error.msg) for result in results] == [False, True, True]
    (event,) = stream.events(1)
    assert event.replay_id == results[0].replay_id
    assert bus.decoded(event)["Object_Type__c"] == "A"
    org.create("Gentrack_Object_Event__e", Operation_Type__c="delete", Object_Type__c="B")
    assert stream.payloads(1)[0]["Object_Type__c"] == "B"
    more = [
        PublishRequest(topic_name=TRIGGERS, events=[good]),
        PublishRequest(events=[good]),
    ]
    assert len(bus.publish_stream(more)) == 2
    assert len(stream.events(2)) == 2
    stream.close()


def test_publications_that_mean_nothing_are_refused(bus: BusClient) -> None:
    def refused(topic: str, *events: ProducerEvent) -> tuple[StatusCode, str]:
        return _refused(lambda: bus.publish(PublishRequest(topic_name=topic, events=events)))

    assert refused(TRIGGERS) == (StatusCode.INVALID_ARGUMENT, "publish.event.count.invalid")
    assert refused("") == (StatusCode.INVALID_ARGUMENT, "publish.topic.validation.empty")
    assert refused("/event/Nope__e") == (StatusCode.NOT_FOUND, "topic.not.found")
    assert refused(ACCOUNTS, ProducerEvent()) == (
        StatusCode.PERMISSION_DENIED,
        "publish.topic.cannot.publish",
    )
    two = [PublishRequest(topic_name=TRIGGERS, events=[ProducerEvent()]), PublishRequest(topic_name=ACCOUNTS)]
    mismatch = _refused(lambda: bus.publish_stream(two))
    assert mismatch == (StatusCode.INVALID_ARGUMENT, "publish.topic.mismatch")


def test_the_choice_of_objects_is_shown_and_checked(org: OrgClient, bus: BusClient) -> None:
    soql = "SELECT SelectedEntity, EventChannel FROM PlatformEventChannelMember ORDER BY SelectedEntity"
    found = org.http.get(f"{DATA}/tooling/query", params={"q": soql}).json()["records"]
    assert [record["SelectedEntity"] for record in found] == ["AccountChangeEvent", "ContactChangeEvent"]
    address = "/sandbox/change-data-capture"
    for objects in (["Nope"], ["Organization"], "Account", [1]):
        assert org.http.put(address, json={"objects": objects}).status_code == 400
    assert org.http.get(address).json() == {"objects": ["Account", "Contact"]}


def test_only_what_is_in_the_bin_can_be_taken_back(org: OrgClient, mark: str) -> None:
    first = org.create("Account", Name="first", Gentrack_External_Id__c=mark)
    undelete = {"object": "Account", "ids": [first]}
    assert org.http.post("/sandbox/undelete", json=undelete).status_code == 400
    contact = org.create("Contact", LastName="child", AccountId=first)
    org.http.delete(f"{DATA}/sobjects/Account/{first}").raise_for_status()
    second = org.create("Account", Name="second", Gentrack_External_Id__c=mark.upper())
    answer = org.http.post("/sandbox/undelete", json=undelete)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "DUPLICATE_VALUE")
    org.http.delete(f"{DATA}/sobjects/Account/{second}").raise_for_status()
    assert org.http.post("/sandbox/undelete", json=undelete).json() == {"ids": [first]}
    assert org.get("Account", first)["Name"] == "first"
    assert org.get("Contact", contact)["AccountId"] == first
