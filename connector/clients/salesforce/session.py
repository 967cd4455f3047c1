"""One signed-in session: a `requests.Session` whose `request` is the whole policy of a call.

It signs in at first use, holds the token for all threads, signs in again once on a 401, keeps time limits,
waits out passing failures and raises the rest as the product's own errors. simple-salesforce is given this
session, so its calls and ours behave alike.
"""

import threading
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from connector.clients.retrying import Patience
from connector.clients.salesforce.answers import asks_to_sign_in, network_failures, raise_for_answer
from connector.clients.salesforce.sign_in import Token, request_token
from connector.instance import SalesforceSection
from connector.settings import SalesforceSecrets

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0
"""Between two bytes of an answer; Salesforce itself ends a REST call after 10 minutes."""
CONNECTIONS = 20
"""Kept open; more than the bulk jobs that may run side by side."""
CHUNK_BYTES = 1 << 20
CLIENT = "GentrackConnector"
"""What change events tell of changes through this session, besides its user (`changeOrigin`)."""


class SalesforceSession(requests.Session):
    """A session of one org, shared by threads. Paths that begin with `/` are of that org."""

    def __init__(self, section: SalesforceSection, secrets: SalesforceSecrets, patience: Patience) -> None:
        super().__init__()
        self.patience = patience
        self.version = section.api_version
        self.rest_path = f"/services/data/v{section.api_version}"
        self.limits = (CONNECT_SECONDS, READ_SECONDS)
        self._section = section
        self._secrets = secrets
        self._ca: str | bool = str(section.ca_file) if section.ca_file else True
        self._token: Token | None = None
        self._signing_in = threading.Lock()
        self.headers["User-Agent"] = "gentrack-salesforce-connector"
        self.headers["Sforce-Call-Options"] = f"client={CLIENT}"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", HTTPAdapter(pool_maxsize=CONNECTIONS))

    def instance_url(self) -> str:
        """The address that the org gave at sign-in; signs in if need be."""
        return self.patience.call("sign-in", self.signed_in).instance_url

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Call the org as often as need be, and return a success.

        Only for calls that may be repeated when their answer is lost. A body must be repeatable as well
        (bytes, text, JSON or `StreamedFile`). Raises SignInRefused, LimitReached, RequestRefused, GaveUp.
        """
        return self.patience.call(_named(method, url), lambda: self.attempt(method, url, *args, **kwargs))

    def attempt(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Call the org once, or twice where the session had ended; a PassingError is the caller's."""
        with network_failures():
            token = self.signed_in()
            response = self._send(token, method, url, *args, **kwargs)
            if asks_to_sign_in(response):
                response.close()
                response = self._send(self.signed_in(instead_of=token), method, url, *args, **kwargs)
            raise_for_answer(response)
            return response

    def signed_in(self, instead_of: Token | None = None) -> Token:
        """The token; a new one if there is none, or if the one at hand is still the ended one.

        It is asked for once: raises what `request_token` raises, PassingErrors among them.
        """
        with self._signing_in:
            if self._token is None or self._token is instead_of:
                self._token = request_token(self._section, self._secrets, limits=self.limits, verify=self._ca)
            return self._token

    def download(self, path: str, target: Path, params: Mapping[str, str]) -> Mapping[str, str]:
        """Stream an answer's CSV to `target`, whole or not at all, and return the answer's headers."""

        def attempt() -> Mapping[str, str]:
            accept = {"Accept": "text/csv"}
            with (
                network_failures(),
                self.attempt("GET", path, params=params, headers=accept, stream=True) as response,
                target.open("wb") as file,
            ):
                for chunk in response.iter_content(CHUNK_BYTES):
                    file.write(chunk)
                return response.headers

        return self.patience.call(_named("GET", path), attempt)

    def _send(
        self, token: Token, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any
    ) -> requests.Response:
        where = _text(url)
        where = token.instance_url + where if where.startswith("/") else where
        kwargs |= {"auth": _Bearer(token), "allow_redirects": False}
        kwargs |= {"timeout": self.limits, "verify": self._ca}
        return super().request(method, where, *args, **kwargs)


class _Bearer(requests.auth.AuthBase):
    """Puts the token in place of whatever header simple-salesforce or a .netrc file would send."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.value}"
        return request


def _named(method: str | bytes, url: str | bytes) -> str:
    """A call's name in messages: without its query, which may hold values."""
    return f"{_text(method)} {urlsplit(_text(url)).path}"


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
