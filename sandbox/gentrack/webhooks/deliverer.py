"""Sends events to the subscribed endpoint until it takes them, or has refused them seven times."""

import asyncio
import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Hashable, Iterator
from email.message import EmailMessage
from functools import cached_property
from typing import Any

import httpx
import orjson
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.gentrack.clock import Clock
from sandbox.gentrack.tokens import App
from sandbox.gentrack.webhooks.alerts import Alerts, Mailer
from sandbox.gentrack.webhooks.attempts import Attempt, AttemptLog
from sandbox.gentrack.webhooks.faults import DeliveryFault, DeliveryFaultKind, DeliveryFaultScript
from sandbox.gentrack.webhooks.habits import Habits
from sandbox.gentrack.webhooks.outbox import Delivery, Outbox
from sandbox.gentrack.webhooks.signature import HEADER, signature
from sandbox.gentrack.webhooks.subscription import Subscription

_SIDE_BY_SIDE = 16


class Deliverer:
    """The webhook of one app. Events are taken from any thread and sent by a thread of its own."""

    def __init__(self, app: App, clock: Clock, seed: int) -> None:
        self.habits = Habits.model_validate({})
        self.faults = DeliveryFaultScript(seed)
        self.log = AttemptLog()
        self.outbox = Outbox()
        self.mailer: Mailer | None = None
        self._app = app
        self._clock = clock
        self._alerts = Alerts(app.app_id)
        self._subscription: Subscription | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        """The app's own key, with which deliveries are signed."""
        return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    @property
    def subscription(self) -> Subscription | None:
        """Where events go; None: nowhere."""
        return self._subscription

    def subscribe(self, subscription: Subscription | None) -> None:
        """Change the subscription: what waits goes to the new address, or is forgotten without one."""
        before, self._subscription = self._subscription, subscription
        if subscription is None:
            self.outbox.clear()
        told = {*(before.emails if before else ()), *(subscription.emails if subscription else ())}
        url = subscription.url if subscription else None
        self._mail(self._alerts.subscription_changed(url, sorted(told)))

    def accept(self, event: dict[str, Any], record: Hashable = None) -> None:
        """Take an event that was published about a record, if it is subscribed to."""
        subscription = self._subscription
        if subscription is None or not subscription.wants(event["eventType"]):
            return
        fault = self.faults.strike_event(event["eventType"])
        now = time.monotonic()
        delivery = Delivery(event, record or event["eventId"], now, self._milliseconds())
        match fault.kind if fault else None:
            case DeliveryFaultKind.LOST:
                self._note(delivery, 0, "lost", fault=fault)
                return
            case DeliveryFaultKind.DOUBLED:
                self._put(Delivery(event, uuid.uuid4(), now, delivery.received))
            case DeliveryFaultKind.REORDERED:
                delivery.lane = uuid.uuid4()
                delivery.due += fault.lag if fault else 0
            case DeliveryFaultKind.DELAYED:
                delivery.due += fault.lag if fault else 0
        self._put(delivery)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Deliver from a thread of its own until the end of the block; what waits then is forgotten."""
        ready, stop = threading.Event(), asyncio.Event()

        async def run() -> None:
            self._changed = asyncio.Event()
            self._loop = asyncio.get_running_loop()
            sending = asyncio.create_task(self._send_all())
            ready.set()
            await stop.wait()
            sending.cancel()
            await asyncio.wait({sending})

        thread = threading.Thread(target=lambda: asyncio.run(run()), name="webhooks", daemon=True)
        thread.start()
        ready.wait()
        try:
            yield
        finally:
            self._soon(stop.set)
            self._loop = None
            thread.join()

    def _put(self, delivery: Delivery) -> None:
        if self.outbox.put(delivery):
            self._soon(self._changed.set)
        else:
            self._note(delivery, 0, "the outbox is full")

    def _soon(self, action: Callable[[], None]) -> None:
        """Call something in the delivering thread, if there is one."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(action)

    async def _send_all(self) -> None:
        slots = asyncio.Semaphore(_SIDE_BY_SIDE)
        client = httpx.AsyncClient(limits=httpx.Limits(max_connections=_SIDE_BY_SIDE))
        async with client, asyncio.TaskGroup() as group:
            while True:
                await slots.acquire()
                delivery = await self._next()
                task = group.create_task(self._attempt(client, delivery))
                task.add_done_callback(lambda _task: slots.release())

    async def _next(self) -> Delivery:
        while True:
            self._changed.clear()
            delivery = self.outbox.take(time.monotonic())
            if delivery is not None:
                return delivery
            due = self.outbox.next_due()
            wait = None if due is None else max(due - time.monotonic(), 0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait)

    async def _attempt(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        subscription, habits = self._subscription, self.habits
        if subscription is None:
            self.outbox.settle(delivery)
            return
        fault = self.faults.strike_attempt(delivery.event["eventType"])
        body = orjson.dumps(delivery.event)
        headers = {"Content-Type": "application/json", HEADER: self._signature(body, fault)}
        delivery.attempts += 1
        began = time.monotonic()
        status, text = await _post(client, subscription.url, body, headers, habits.timeout_seconds)
        self._note(delivery, status, text, began=began, fault=fault)
        emails = subscription.emails
        if 200 <= status < 300:
            self.outbox.settle(delivery)
            self._mail(self._alerts.delivered(emails))
        elif delivery.attempts < habits.attempts:
            self.outbox.retry(delivery, time.monotonic() + habits.pause(delivery.attempts))
        else:
            self.outbox.settle(delivery)
            event = delivery.event
            self._mail(self._alerts.given_up(event["eventId"], event["eventType"], delivery.attempts, emails))
        self._changed.set()

    def _signature(self, body: bytes, fault: DeliveryFault | None) -> str:
        timestamp = int(self._clock.now().timestamp())
        match fault.kind if fault else None:
            case DeliveryFaultKind.STALE_TIMESTAMP if fault:
                return signature(self.key, timestamp - int(fault.lag), body)
            case DeliveryFaultKind.WRONG_SIGNATURE:
                return signature(self.key, timestamp, body + b" ")
        return signature(self.key, timestamp, body)

    def _mail(self, message: EmailMessage | None) -> None:
        if message is not None and self.mailer is not None and self.habits.production:
            threading.Thread(target=self.mailer, args=(message,), name="alert", daemon=True).start()

    def _note(
        self,
        delivery: Delivery,
        status: int,
        text: str,
        *,
        began: float | None = None,
        fault: DeliveryFault | None = None,
    ) -> None:
        self.log.add(
            Attempt(
                appId=self._app.app_id,
                deliveryAttempt=delivery.attempts,
                eventId=delivery.event["eventId"],
                eventType=delivery.event["eventType"],
                latency=0 if began is None else round((time.monotonic() - began) * 1_000),
                response={"status": status, "statusText": text},
                success=200 <= status < 300,
                timestamp=self._milliseconds(),
                firstReceivedTimestamp=delivery.received,
                fault=fault.kind if fault else None,
            )
        )

    def _milliseconds(self) -> int:
        return int(self._clock.now().timestamp() * 1_000)


async def _post(
    client: httpx.AsyncClient, url: str, body: bytes, headers: dict[str, str], seconds: float
) -> tuple[int, str]:
    """The status and its text, or 0 and what went wrong; the whole exchange takes `seconds` at most."""
    try:
        async with asyncio.timeout(seconds):
            response = await client.post(url, content=body, headers=headers, timeout=seconds)
    except (TimeoutError, httpx.TimeoutException):
        return 0, f"no answer in {seconds:g} s"
    except httpx.HTTPError as error:
        return 0, type(error).__name__
    return response.status_code, response.reason_phrase
