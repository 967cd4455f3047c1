"""Calls to a tenant's API at a steady pace, over connections that are kept: what reads and writes of single
records share, so that both together are no more than Gentrack is to bear.
"""

from typing import Any

import httpx

from connector.clients.gentrack.answers import network_failures, raise_for_answer
from connector.clients.gentrack.app_token import AppToken
from connector.clients.pace import Pace
from connector.clients.retrying import Clock, Patience, SystemClock
from connector.instance import Instance
from connector.settings import GentrackSecrets

TIME_LIMITS = httpx.Timeout(60.0, connect=10.0)


class GentrackCalls:
    """The API of one tenant; safe to share between threads. `patience` is for whoever repeats a call."""

    def __init__(
        self, product_address: str, token: AppToken, patience: Patience, pace: Pace, *, parallel: int = 10
    ) -> None:
        self.patience = patience
        self.parallel = parallel
        self._product = product_address
        self._pace = pace
        limits = httpx.Limits(max_connections=parallel, max_keepalive_connections=parallel)
        headers = {"User-Agent": "gentrack-salesforce-connector"}
        self._http = httpx.Client(auth=token, timeout=TIME_LIMITS, limits=limits, headers=headers)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def ask(self, method: str, below_product: str, **sent: Any) -> httpx.Response:
        """One call, not repeated. Raises PassingError, RequestRefused, SignInRefused, as the answer means."""
        self._pace.wait()
        headers = {"Content-Type": "application/json"} if "content" in sent else {}
        with network_failures():
            answer = self._http.request(method, self._product + below_product, headers=headers, **sent)
        raise_for_answer(answer)
        return answer


def connect_calls(
    instance: Instance,
    secrets: GentrackSecrets,
    clock: Clock | None = None,
    *,
    per_second: float,
    parallel: int,
) -> GentrackCalls:
    """The API of an instance's tenant, at a pace. Nothing is sent before the first call."""
    root = str(instance.gentrack.url).rstrip("/")
    clock = clock or SystemClock()
    return GentrackCalls(
        f"{root}/v1/{instance.gentrack.product}/",
        AppToken(root, secrets),
        Patience("Gentrack", instance.load.give_up_after, clock),
        Pace(per_second, clock),
        parallel=parallel,
    )
