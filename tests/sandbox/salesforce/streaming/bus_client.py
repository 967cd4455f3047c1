"""A plain client of the Pub/Sub API, made of the contract alone."""

import io
import json
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
from fastavro import parse_schema, schemaless_reader

from eventbus import methods
from eventbus.pubsub_api_pb2 import (
    EARLIEST,
    LATEST,
    ConsumerEvent,
    FetchRequest,
    FetchResponse,
    PublishRequest,
    PublishResponse,
    ReplayPreset,
    SchemaInfo,
    SchemaRequest,
    TopicInfo,
    TopicRequest,
)
from tests.sandbox.salesforce.org_client import OrgClient

PREFIX = "sfdc.platform.eventbus.grpc."
SECONDS = 20.0


class BusClient:
    """A channel to the org, and the metadata of a session in it."""

    def __init__(self, org: OrgClient) -> None:
        authority = Path(org.announced["ca_file"]).read_bytes()
        self.channel = grpc.secure_channel(
            org.announced["pubsub_endpoint"], grpc.ssl_channel_credentials(authority)
        )
        token = org.sign_in()
        self.metadata = {
            "accesstoken": token,
            "instanceurl": org.announced["url"],
            "tenantid": org.query("SELECT Id FROM Organization")[0]["Id"],
        }
        self._schemas: dict[str, Any] = {}

    def topic(self, name: str, **metadata: str) -> TopicInfo:
        call = self.channel.unary_unary(
            methods.GET_TOPIC.path, TopicRequest.SerializeToString, TopicInfo.FromString
        )
        sent = tuple({**self.metadata, **metadata}.items())
        return call(TopicRequest(topic_name=name), metadata=sent, timeout=SECONDS)

    def schema(self, schema_id: str) -> SchemaInfo:
        call = self.channel.unary_unary(
            methods.GET_SCHEMA.path, SchemaRequest.SerializeToString, SchemaInfo.FromString
        )
        sent = tuple(self.metadata.items())
        return call(SchemaRequest(schema_id=schema_id), metadata=sent, timeout=SECONDS)

    def publish(self, request: PublishRequest) -> PublishResponse:
        call = self.channel.unary_unary(
            methods.PUBLISH.path, PublishRequest.SerializeToString, PublishResponse.FromString
        )
        return call(request, metadata=tuple(self.metadata.items()), timeout=SECONDS)

    def publish_stream(self, requests: list[PublishRequest]) -> list[PublishResponse]:
        call = self.channel.stream_stream(
            methods.PUBLISH_STREAM.path, PublishRequest.SerializeToString, PublishResponse.FromString
        )
        return list(call(iter(requests), metadata=tuple(self.metadata.items()), timeout=SECONDS))

    def subscribe(
        self,
        topic: str,
        preset: ReplayPreset = EARLIEST,
        *,
        replay_id: bytes = b"",
        count: int = 100,
    ) -> "Stream":
        request = FetchRequest(
            topic_name=topic, replay_preset=preset, replay_id=replay_id, num_requested=count
        )
        return Stream(self, request)

    def latest(self, topic: str, count: int = 100) -> "Stream":
        """A subscription from now on that is surely there: to know, it waits for a sign of life."""
        stream = self.subscribe(topic, LATEST, count=count)
        assert not next(stream).events
        return stream

    def decoded(self, event: ConsumerEvent) -> dict[str, Any]:
        known = self._schemas.get(event.event.schema_id)
        if known is None:
            known = parse_schema(json.loads(self.schema(event.event.schema_id).schema_json))
            self._schemas[event.event.schema_id] = known
        read: Any = schemaless_reader(io.BytesIO(event.event.payload), known, None)
        return dict(read)


class Stream:
    """One subscription: iterating gives its answers."""

    def __init__(self, client: BusClient, first: FetchRequest) -> None:
        self._client = client
        self._requests: queue.SimpleQueue[FetchRequest | None] = queue.SimpleQueue()
        self._requests.put(first)
        call = client.channel.stream_stream(
            methods.SUBSCRIBE.path, FetchRequest.SerializeToString, FetchResponse.FromString
        )
        sent = tuple(client.metadata.items())
        self.call = call(iter(self._requests.get, None), metadata=sent, timeout=SECONDS)

    def __iter__(self) -> Iterator[FetchResponse]:
        return self

    def __next__(self) -> FetchResponse:
        return next(self.call)

    def ask(self, count: int, topic: str = "") -> None:
        self._requests.put(FetchRequest(topic_name=topic, num_requested=count))

    def events(self, count: int) -> list[ConsumerEvent]:
        """The next so many events."""
        found: list[ConsumerEvent] = []
        while len(found) < count:
            found += next(self).events
        return found

    def payloads(self, count: int) -> list[dict[str, Any]]:
        """The next so many events, decoded."""
        return [self._client.decoded(event) for event in self.events(count)]

    def refusal(self) -> tuple[grpc.StatusCode, str]:
        """How the stream ends: its status, and Salesforce's code without its prefix."""
        try:
            for _ in self:
                pass
        except grpc.RpcError as error:
            return refusal_of(error)
        raise AssertionError("the stream ended well")

    def close(self) -> None:
        """Asks for nothing more, and waits for the end."""
        self._requests.put(None)
        for _ in self:
            pass


def refusal_of(error: grpc.RpcError) -> tuple[grpc.StatusCode, str]:
    call: Any = error
    trailers = dict(call.trailing_metadata() or ())
    code = str(trailers.get("error-code", ""))
    if code:
        assert code.startswith(PREFIX)
        assert call.details().endswith(f"rpcId: {trailers['rpc-id']}")
    status: grpc.StatusCode = call.code()
    return status, code.removeprefix(PREFIX)
