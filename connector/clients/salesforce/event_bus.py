"""Salesforce's event bus by the Pub/Sub API: gRPC over TLS by the contract in `eventbus/`.

Many subscriptions share one connection, each with a thread of its own. A subscription asks for events in
portions, so that the org never sends more than is taken in. Source: Pub/Sub API guide, "Subscribe RPC
Method".
"""

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from connector.clients.retrying import Patience
from connector.clients.salesforce.event_decoding import EventDecoder
from connector.clients.salesforce.event_refusals import NOT_PERMITTED, failure, is_signed_out
from connector.clients.salesforce.session import SalesforceSession
from connector.clients.salesforce.sign_in import Token
from connector.errors import RequestRefused, ServiceUnavailable, SettingsInvalid
from connector.instance import Instance, SalesforceSection
from connector.model.org_event import Delivery
from connector.settings import SalesforceSecrets
from eventbus import methods
from eventbus.methods import Method
from eventbus.pubsub_api_pb2 import (
    CUSTOM,
    LATEST,
    FetchRequest,
    FetchResponse,
    SchemaRequest,
    TopicRequest,
)

MOST = 100
"""Events that may be asked for at once; the service takes no more."""
LEAST = 50
"""When no more than so many are still owed, the next portion is asked for."""
CALL_SECONDS = 20.0
LIMITS = (5.0, 15.0)
"""Seconds to connect and to read for a sign-in: who stops a subscription waits for no more."""
_OPTIONS = (
    # Salesforce sends a sign of life every 270 s; a connection that is silent for longer is tried.
    ("grpc.keepalive_time_ms", 300_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 20_000),
)

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)


class EventBus:
    """The event bus of one org, signed in at first use; threads may share it."""

    def __init__(self, section: SalesforceSection, session: SalesforceSession) -> None:
        self._section = section
        self._session = session
        self._decoder = EventDecoder(self._schema)
        self._lock = threading.Lock()
        self._streams: set[Any] = set()
        self._is_interrupted = False
        self._opened: grpc.Channel | None = None
        self._ended: Token | None = None

    def user_id(self) -> str:
        """The id of the user that the connector is signed in as, 18 characters."""
        return self._identity["user_id"]

    def check(self, channel: str) -> None:
        """Whether the channel is there and may be subscribed to. Raises RequestRefused with what to do."""
        found = self._call(methods.GET_TOPIC, TopicRequest(topic_name=channel), channel)
        if not found.can_subscribe:
            raise RequestRefused(
                f"Salesforce's event bus ({channel}): the integration user may not subscribe to it.",
                todo=NOT_PERMITTED,
                code="subscription.topic.cannot.subscribe",
            )

    @contextmanager
    def subscribed(self, channel: str, after: bytes | None) -> Generator[Iterator[Delivery]]:
        """Deliveries of a channel from now on, or from `after` on; they are iterated by one thread.

        The iterator ends where the org ends the stream. Opening and iterating raise RequestRefused where it
        is no use to try again, ReplayIdRefused where it is without `after`, and a PassingError for all else.
        """
        self.check(channel)
        begin = FetchRequest(topic_name=channel, num_requested=MOST, replay_preset=LATEST)
        if after is not None:
            begin.replay_preset, begin.replay_id = CUSTOM, after
        requests: queue.SimpleQueue[FetchRequest | None] = queue.SimpleQueue()
        requests.put(begin)
        with self._failures(channel) as token:
            stream = self._open(token, requests)
            try:
                yield self._deliveries(stream, requests, channel)
            finally:
                requests.put(None)  # gRPC reads requests in a thread of its own, which ends by this
                stream.cancel()
                with self._lock:
                    self._streams.discard(stream)

    def interrupt(self) -> None:
        """End every subscription, now and from now on; whoever iterates one finds its end."""
        with self._lock:
            self._is_interrupted = True
            streams = tuple(self._streams)
        for stream in streams:
            stream.cancel()

    def close(self) -> None:
        """Give the connection back, when no thread uses it any more."""
        self.interrupt()
        if self._opened is not None:
            self._opened.close()
        self._session.close()

    def _open(self, token: Token, requests: "queue.SimpleQueue[FetchRequest | None]") -> Any:
        metadata = self._metadata(token)
        call = self._connection().stream_stream(
            methods.SUBSCRIBE.path, FetchRequest.SerializeToString, FetchResponse.FromString
        )
        with self._lock:
            if self._is_interrupted:
                raise _interrupted()
            stream = call(iter(requests.get, None), metadata=metadata)
            self._streams.add(stream)
        return stream

    def _deliveries(
        self, stream: Any, requests: "queue.SimpleQueue[FetchRequest | None]", channel: str
    ) -> Iterator[Delivery]:
        for response in stream:
            events = tuple(
                self._decoder.event(each.event.schema_id, each.event.payload) for each in response.events
            )
            last = response.events[-1].replay_id if response.events else response.latest_replay_id
            yield Delivery(events, last)
            owed = response.pending_num_requested
            if owed <= LEAST:
                requests.put(FetchRequest(topic_name=channel, num_requested=MOST - owed))

    def _schema(self, schema_id: str) -> str:
        request = SchemaRequest(schema_id=schema_id)
        return self._call(methods.GET_SCHEMA, request, f"schema {schema_id}").schema_json

    def _call(self, method: Method[Q, A], request: Q, about: str) -> A:
        with self._failures(about) as token:
            metadata = self._metadata(token)
            call = self._connection().unary_unary(
                method.path, method.request.SerializeToString, method.response.FromString
            )
            answer: A = call(request, metadata=metadata, timeout=CALL_SECONDS)
            return answer

    @contextmanager
    def _failures(self, about: str) -> Generator[Token]:
        """A token to call with, and the product's errors; another token next time where it has ended."""
        token = self._session.signed_in(instead_of=self._ended)
        try:
            yield token
        except grpc.RpcError as error:
            if is_signed_out(error):
                self._ended = token
            raise (_interrupted() if self._is_interrupted else failure(error, about)) from error

    def _metadata(self, token: Token) -> tuple[tuple[str, str], ...]:
        return (
            ("accesstoken", token.value),
            ("instanceurl", token.instance_url),
            ("tenantid", self._identity["organization_id"]),
        )

    @cached_property
    def _identity(self) -> dict[str, str]:
        answer: dict[str, str] = self._session.attempt("GET", "/services/oauth2/userinfo").json()
        return answer

    def _connection(self) -> grpc.Channel:
        with self._lock:
            if self._opened is None:
                credentials = grpc.ssl_channel_credentials(_authority(self._section))
                endpoint = self._section.pubsub_endpoint
                self._opened = grpc.secure_channel(endpoint, credentials, options=_OPTIONS)
            return self._opened


def _authority(section: SalesforceSection) -> bytes | None:
    """The instance's own certificate authority; None: those that gRPC brings."""
    if section.ca_file is None:
        return None
    try:
        return section.ca_file.read_bytes()
    except OSError:
        raise SettingsInvalid(
            f"The CA file {section.ca_file} is not there.", todo="Set [salesforce] ca_file."
        ) from None


def _interrupted() -> ServiceUnavailable:
    return ServiceUnavailable("The subscription was ended.")


def connect_event_bus(instance: Instance, secrets: SalesforceSecrets) -> EventBus:
    """The event bus of an instance's org. Nothing is sent before the first call that needs it.

    It signs in by itself: a subscription that outlives a session must not wait for what a run waits for.
    """
    session = SalesforceSession(instance.salesforce, secrets, Patience("Salesforce", 0))
    session.limits = LIMITS
    return EventBus(instance.salesforce, session)
