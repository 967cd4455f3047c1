"""Gentrack's switch for published events. Fills the port `EventPublishing` of `connector.sync`.

`GET` and `PUT {root}/v1/{product}/eventPublishing`, `{"enabled": true}`
(docs/gentrack-contract.md, "Events").
"""

from typing import Any

import httpx
import orjson

from connector.clients.gentrack.answers import network_failures, raise_for_answer
from connector.clients.gentrack.app_token import AppToken
from connector.clients.retrying import Clock, Patience, SystemClock
from connector.errors import RequestRefused
from connector.instance import Instance
from connector.settings import GentrackSecrets

TIME_LIMITS = httpx.Timeout(30.0, connect=10.0)


class EventPublishingApi:
    """The switch of one tenant. Both calls may be repeated."""

    def __init__(self, address: str, token: AppToken, patience: Patience) -> None:
        self._address = address
        self._token = token
        self._patience = patience

    def is_on(self) -> bool:
        """Whether events are published. Raises SignInRefused, RequestRefused, GaveUp."""
        return self._call("GET", None)

    def switch(self, *, on: bool) -> None:
        """Publish events from now on, or none."""
        self._call("PUT", {"enabled": on})

    def _call(self, method: str, body: dict[str, Any] | None) -> bool:
        def attempt() -> bool:
            with network_failures():
                response = http.request(method, self._address, json=body)
            raise_for_answer(response)
            return _enabled(response)

        with httpx.Client(auth=self._token, timeout=TIME_LIMITS) as http:
            return self._patience.call(f"{method} eventPublishing", attempt)


def connect_event_publishing(
    instance: Instance, secrets: GentrackSecrets, clock: Clock | None = None
) -> EventPublishingApi:
    """The switch of an instance's tenant. Nothing is sent before the first call."""
    root = str(instance.gentrack.url).rstrip("/")
    patience = Patience("Gentrack", instance.load.give_up_after, clock or SystemClock())
    address = f"{root}/v1/{instance.gentrack.product}/eventPublishing"
    return EventPublishingApi(address, AppToken(root, secrets), patience)


def _enabled(response: httpx.Response) -> bool:
    try:
        enabled = orjson.loads(response.content)["enabled"]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        enabled = None
    if not isinstance(enabled, bool):
        raise RequestRefused("Gentrack does not say whether events are published.", status=200)
    return enabled
