"""One subscription: sends as many events as the client asks for, and a sign of life when there are none.

Source: Pub/Sub API guide, "Subscribe RPC Method": flow control, keep-alive with the latest replay id.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Collection, Iterator

from grpc import StatusCode

from eventbus.pubsub_api_pb2 import ConsumerEvent, FetchRequest, FetchResponse, ProducerEvent, ReplayPreset
from sandbox.salesforce.org import Org
from sandbox.salesforce.streaming.batches import event_uuid
from sandbox.salesforce.streaming.bus import Portion
from sandbox.salesforce.streaming.callers import Caller, Gate
from sandbox.salesforce.streaming.refusals import Refused, invalid, topic_not_found
from sandbox.salesforce.streaming.replay import decoded, encoded
from sandbox.salesforce.streaming.topics import Topic

MOST_EVENTS = 100
_MOST_BYTES = 3_000_000
_LOOK_SECONDS = 1.0
"""How often a silent subscription looks whether it is time for a sign of life."""
_ALLOWANCE = "DailyDeliveredPlatformEvents"


class Subscription:
    """The state of one stream: where it is on the bus, and how many events it still owes."""

    def __init__(self, org: Org, gate: Gate, caller: Caller, topic: Topic, first: FetchRequest) -> None:
        self._org = org
        self._gate = gate
        self._caller = caller
        self._topic = topic
        self._pending = 0
        self._ask(first)
        self._reached = self._beginning(first)
        self._is_closed = False
        self._refusal: Refused | None = None
        self._wake = asyncio.Event()

    async def responses(self, requests: AsyncIterator[FetchRequest]) -> AsyncIterator[FetchResponse]:
        """What is sent until the client closes the stream.

        Raises:
            Refused: a request means nothing, the session has ended, or a fault was scripted.
        """
        loop = asyncio.get_running_loop()
        unlisten = self._org.bus.listen(lambda: _call(loop, self._wake))
        reading = asyncio.create_task(self._read(requests))
        silent_since = time.monotonic()
        try:
            while True:
                self._wake.clear()
                if self._refusal is not None:
                    raise self._refusal
                response = await self._events() if self._pending else None
                patience = self._org.switchboard.current.keepalive_seconds
                if response is None and time.monotonic() - silent_since >= patience:
                    response = self._sign_of_life()
                if response is not None:
                    yield response
                    silent_since = time.monotonic()
                elif not self._is_closed:
                    rest = silent_since + patience - time.monotonic()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), max(min(rest, _LOOK_SECONDS), 0.001))
                elif self._refusal is None:
                    return
        finally:
            unlisten()
            reading.cancel()

    async def _read(self, requests: AsyncIterator[FetchRequest]) -> None:
        """Takes further requests in as they come."""
        try:
            async for request in requests:
                if request.topic_name not in {"", self._topic.name}:
                    message = f"The topic name {request.topic_name} doesn't match that of the first request."
                    raise invalid("subscription.fetch.topic.mismatch", message)
                self._ask(request)
                self._wake.set()
        except Refused as refusal:
            self._refusal = refusal
        self._is_closed = True
        self._wake.set()

    def _ask(self, request: FetchRequest) -> None:
        if request.num_requested <= 0:
            message = "The number of requested events must be greater than zero."
            raise invalid("subscription.fetch.requested.events.invalid", message)
        self._pending += min(request.num_requested, MOST_EVENTS)

    def _beginning(self, first: FetchRequest) -> int:
        bus = self._org.bus
        if first.replay_preset == ReplayPreset.EARLIEST:
            return bus.beginning()
        if first.replay_preset == ReplayPreset.LATEST:
            return bus.tip()
        if not first.replay_id:
            message = "Replay ID validation failed. ReplayPreset.CUSTOM needs a replay ID."
            raise invalid("subscription.fetch.replayid.validation.failed", message)
        number = decoded(first.replay_id)
        if number is None or not bus.knows(number):
            message = (
                "The replay ID is corrupted. Ensure that it is valid and refers to an event within the "
                "retention window."
            )
            raise invalid("subscription.fetch.replayid.corrupted", message)
        return number

    async def _events(self) -> FetchResponse | None:
        """The next events, or None if there are none."""
        topic = self._org.topics.find(self._topic.name)
        if topic is None:
            raise topic_not_found(self._org.standing.organization_id, self._topic.name)
        names = await asyncio.to_thread(self._audible, topic)
        portions, reached = self._org.bus.read(self._reached, names, min(self._pending, MOST_EVENTS))
        if not portions:
            self._reached = reached
            return None
        self._gate.check(self._caller.token)
        await self._suffer()
        events = await asyncio.to_thread(lambda: list(self._encoded(portions)))
        wanted = sum(portion.stop - portion.start for portion in portions)
        last = decoded(events[-1].replay_id)
        self._reached = reached if len(events) == wanted or last is None else last
        self._take_allowance(len(events))
        self._pending -= len(events)
        return self._response(events)

    def _audible(self, topic: Topic) -> Collection[str]:
        """The kinds of events in it that the user may hear: among those of all objects it is checked here."""
        if topic.sobject is not None:
            return topic.event_names
        user_id = self._caller.user_id
        return {
            event for event, name in topic.event_names.items() if self._org.access.sees_all(user_id, name)
        }

    def _encoded(self, portions: list[Portion]) -> Iterator[ConsumerEvent]:
        """Events as they travel: as many as fit into one message, but at least one."""
        size = 0
        visible = self._org.access.schema_for(self._caller.user_id)
        for portion in portions:
            schema = self._org.topics.schema_of(portion.batch.event_name)
            payloads = portion.batch.payloads(portion.start, portion.stop, visible)
            for (place, replay_id), payload in zip(portion.ids(), payloads, strict=True):
                content = schema.encode(payload)
                size += len(content)
                if size > _MOST_BYTES and size > len(content):
                    return
                event = ProducerEvent(
                    id=event_uuid(portion.batch, place), schema_id=schema.id, payload=content
                )
                yield ConsumerEvent(event=event, replay_id=encoded(replay_id))

    async def _suffer(self) -> None:
        """Lets scripted faults happen."""
        delay = self._org.faults.for_stream("delay-events", self._topic.name)
        if delay is not None:
            await asyncio.sleep(delay.seconds)
        if self._org.faults.for_stream("drop-stream", self._topic.name):
            raise Refused(StatusCode.UNAVAILABLE, "service.unavailable", "The service is unavailable.")

    def _take_allowance(self, count: int) -> None:
        if self._org.limits.left(_ALLOWANCE) < count:
            message = "You have exceeded the event delivery limit for your org."
            raise Refused(StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded", message)
        self._org.limits.use(_ALLOWANCE, count)

    def _sign_of_life(self) -> FetchResponse:
        self._gate.check(self._caller.token)
        self._org.bus.tip()
        if self._pending:
            topic = self._org.topics.find(self._topic.name) or self._topic
            portions, reached = self._org.bus.read(self._reached, topic.event_names, 1)
            if not portions:
                self._reached = reached
        return self._response([])

    def _response(self, events: list[ConsumerEvent]) -> FetchResponse:
        return FetchResponse(
            events=events,
            latest_replay_id=encoded(self._reached),
            rpc_id=self._caller.rpc_id,
            pending_num_requested=self._pending,
        )


def _call(loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
    """Wake a subscription from another thread, unless the server is gone."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(wake.set)
