"""The token of a Gentrack app, as an authentication flow of httpx.

`POST /v1/token` with HTTP Basic, app id and secret, gives an `accessToken`. A 401 means that it has ended:
ask for a new one and send the request again, once.
"""

import base64
import threading
from collections.abc import Generator

import httpx
import orjson

from connector.clients.gentrack.answers import raise_for_absence
from connector.errors import SignInRefused
from connector.settings import GentrackSecrets


class AppToken(httpx.Auth):
    """One token for all threads of a client."""

    def __init__(self, root: str, secrets: GentrackSecrets) -> None:
        self._address = f"{root}/v1/token"
        self._secrets = secrets
        self._token: str | None = None
        self._signing_in = threading.Lock()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send with the token at hand; where it has ended, with a new one."""
        token = yield from self._signed_in(instead_of=None)
        response = yield _bearing(token, request)
        if response.status_code == 401:
            token = yield from self._signed_in(instead_of=token)
            yield _bearing(token, request)

    def _signed_in(self, instead_of: str | None) -> Generator[httpx.Request, httpx.Response, str]:
        with self._signing_in:
            if self._token is None or self._token == instead_of:
                response = yield self._token_request()
                response.read()
                self._token = self._token_of(response)
            return self._token

    def _token_request(self) -> httpx.Request:
        pair = f"{self._secrets.app_id}:{self._secrets.app_secret.get_secret_value()}"
        basic = base64.b64encode(pair.encode()).decode("ascii")
        return httpx.Request(
            "POST",
            self._address,
            headers={"Authorization": f"Basic {basic}"},
            data={"grant_type": "client_credentials"},
        )

    def _token_of(self, response: httpx.Response) -> str:
        raise_for_absence(response)
        try:
            token = orjson.loads(response.content)["accessToken"]
        except (orjson.JSONDecodeError, LookupError, TypeError):
            token = None
        if response.status_code != 200 or not isinstance(token, str):
            raise SignInRefused(
                f"Gentrack ({self._address}) refused to sign the connector in: HTTP {response.status_code}.",
                todo="Check the app id and secret of the instance; a secret can be reset in the portal.",
            )
        return token


def _bearing(token: str, request: httpx.Request) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token}"
    return request
