"""Signing in: one request for one token, by client credentials or JWT bearer.

Our own, since the SOAP login of the usual libraries is gone from API 65 on and they sign in only at
Salesforce's own host names. Neither flow gives a refresh token or a lifetime: a 401 means sign in again.
Sources: Salesforce Help, "OAuth 2.0 Client Credentials Flow", "OAuth 2.0 JWT Bearer Flow".
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import requests

from connector.clients.salesforce.answers import network_failures, raise_for_absence
from connector.errors import SettingsInvalid, SignInRefused
from connector.instance import SalesforceSection
from connector.settings import SalesforceSecrets

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - an address
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
JWT_SECONDS = 180
"""Salesforce accepts assertions that expire within about three minutes."""


@dataclass(frozen=True)
class Token:
    """An access token, and the address of the org that it is good for (https, no trailing slash)."""

    value: str = field(repr=False)
    instance_url: str


def request_token(
    section: SalesforceSection, secrets: SalesforceSecrets, *, limits: tuple[float, float], verify: str | bool
) -> Token:
    """Ask for a token once. `limits` are connect and read seconds; `verify` is a CA file, or True.

    Raises SignInRefused with the org's own words, SettingsInvalid where a file is wrong, and
    ServiceUnavailable or TooManyRequests where the org is away.
    """
    if isinstance(verify, str) and not Path(verify).is_file():
        raise SettingsInvalid(f"The CA file {verify} is not there.", todo="Set [salesforce] ca_file.")
    with network_failures():
        response = requests.post(
            section.url.rstrip("/") + TOKEN_PATH,
            data=_grant(section, secrets),
            timeout=limits,
            verify=verify,
            auth=_no_auth,
            allow_redirects=False,
        )
    raise_for_absence(response)
    answer = _json_object(response)
    if response.status_code != 200 or not answer.get("access_token"):
        reason = answer.get("error_description") or answer.get("error") or f"HTTP {response.status_code}"
        raise SignInRefused(
            f"Salesforce ({section.url}) refused to sign the connector in: {reason}.",
            todo="Check the External Client App, its flow, its user, and the secrets of the instance.",
        )
    instance_url = str(answer.get("instance_url") or section.url).rstrip("/")
    if not instance_url.startswith("https://"):
        raise SignInRefused(f"Salesforce named {instance_url} as the org's address, which is not https.")
    return Token(str(answer["access_token"]), instance_url)


def _grant(section: SalesforceSection, secrets: SalesforceSecrets) -> dict[str, str]:
    if secrets.client_secret is not None:
        return {
            "grant_type": "client_credentials",
            "client_id": secrets.client_id,
            "client_secret": secrets.client_secret.get_secret_value(),
        }
    return {"grant_type": JWT_BEARER, "assertion": _assertion(section, secrets)}


def _assertion(section: SalesforceSection, secrets: SalesforceSecrets) -> str:
    claims = {
        "iss": secrets.client_id,
        "sub": secrets.username,
        "aud": section.jwt_audience or audience_of(section.url),
        "exp": int(time.time()) + JWT_SECONDS,
    }
    key_file = secrets.private_key_file
    try:
        if secrets.private_key is not None:
            key = secrets.private_key.get_secret_value()
        else:
            key = key_file.read_text("ascii") if key_file else ""
        return jwt.encode(claims, key, algorithm="RS256")
    except (OSError, ValueError, TypeError, jwt.PyJWTError) as unusable:
        raise SettingsInvalid(
            f"The private key {f'file {key_file} ' if key_file else ''}can't sign a JWT:"
            f" {type(unusable).__name__}.",
            todo="Give an RSA private key in PEM without a passphrase.",
        ) from None


def audience_of(url: str) -> str:
    """The login host that stands for the org: sandboxes have `.sandbox.` in their My Domain address."""
    return "https://test.salesforce.com" if ".sandbox." in url else "https://login.salesforce.com"


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep a .netrc file from adding credentials to the request for a token."""
    return request


def _json_object(response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}
