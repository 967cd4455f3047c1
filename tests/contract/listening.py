"""A subscription to a sandbox org's events, watched from outside: what it took in, and what it asked for."""

import queue
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from connector.clients.salesforce.event_bus import connect_event_bus
from connector.clients.salesforce.session import CLIENT
from connector.errors import ServiceUnavailable
from connector.instance import Instance
from connector.model.change import Notice
from connector.model.org_event import change_channel
from connector.settings import SalesforceSecrets
from connector.store.replays import SqlReplays
from connector.sync.ongoing.salesforce.subscription import Listening, Subscription

SECONDS = 20.0


class WatchedIntake:
    """The real intake, which tells a test of each delivery; on demand it loses its database before one."""

    def __init__(self, replays: SqlReplays) -> None:
        self._replays = replays
        self.taken: queue.SimpleQueue[tuple[str, tuple[Notice, ...]]] = queue.SimpleQueue()
        self.lost = 0

    def replay_id(self, instance: str, channel: str) -> bytes | None:
        return self._replays.replay_id(instance, channel)

    def take_in(self, instance: str, channel: str, replay_id: bytes, notices: Iterable[Notice]) -> None:
        notices = tuple(notices)
        if notices and self.lost:
            self.lost -= 1
            raise ServiceUnavailable("The database went away just then.")
        self._replays.take_in(instance, channel, replay_id, notices)
        self.taken.put((channel, notices))

    def begin_anew(self, instance: str, channel: str) -> None:
        self._replays.begin_anew(instance, channel)

    def stands(self, *channels: str) -> None:
        """Wait for a sign of life of each channel."""
        missing = set(channels)
        while missing:
            missing.discard(self.taken.get(timeout=SECONDS)[0])

    def records(self, count: int) -> list[str]:
        """The ids of the next so many records that are noticed."""
        found: list[str] = []
        while len(found) < count:
            found += [notice.record_id for notice in self.taken.get(timeout=SECONDS)[1]]
        return found


class Listener:
    """Makes subscriptions of an instance, each with an intake of its own over the same ledger."""

    def __init__(
        self, instance: Instance, secrets: SalesforceSecrets, endpoint: str, org: httpx.Client
    ) -> None:
        section = instance.salesforce.model_copy(update={"pubsub_endpoint": endpoint})
        self.instance = instance.model_copy(update={"salesforce": section})
        self.secrets = secrets
        self.org = org
        self.polls: queue.SimpleQueue[None] = queue.SimpleQueue()

    @contextmanager
    def listening(
        self, replays: SqlReplays, *objects: str, channels: tuple[str, ...] = ()
    ) -> Iterator[tuple[Subscription, WatchedIntake]]:
        intake = WatchedIntake(replays)
        subscription = Subscription(
            Listening(
                instance=self.instance.id,
                channels=channels or tuple(change_channel(each) for each in objects),
                objects=objects,
                own_client=CLIENT,
            ),
            connect_event_bus(self.instance, self.secrets),
            intake,
            lambda: self.polls.put(None),
        )
        with subscription:
            yield subscription, intake

    def sign_in(self) -> None:
        """Somebody else's session, of the same user."""
        assert self.secrets.client_secret is not None
        form = {
            "grant_type": "client_credentials",
            "client_id": self.secrets.client_id,
            "client_secret": self.secrets.client_secret.get_secret_value(),
        }
        token = self.org.post("/services/oauth2/token", data=form).raise_for_status().json()["access_token"]
        self.org.headers["Authorization"] = f"Bearer {token}"

    def create(self, sobject: str, **values: object) -> str:
        """A record that somebody else makes."""
        answer = self.org.post(f"/services/data/v66.0/sobjects/{sobject}", json=values)
        return str(answer.raise_for_status().json()["id"])

    def fault(self, **fault: Any) -> None:
        self.org.post("/sandbox/faults", json=fault).raise_for_status()

    def is_asked_to_poll(self) -> bool:
        self.polls.get(timeout=SECONDS)
        return True
