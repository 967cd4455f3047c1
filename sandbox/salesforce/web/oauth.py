"""Signing in and out.

Source: Salesforce help, "OAuth Authorization Flows".
"""

import base64
import binascii
from urllib.parse import parse_qsl, urlsplit

from starlette.responses import Response

from sandbox.salesforce.sessions import OAuthError, Session
from sandbox.salesforce.web.call import Call, json_answer, nothing

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def token(call: Call) -> Response:
    """``POST /services/oauth2/token``."""
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)) | dict(call.query)
    try:
        session = _sign_in(call, form)
    except OAuthError as error:
        return json_answer({"error": error.error, "error_description": error.description}, error.status)
    identity = call.identity_url(session.user_id)
    issued_at = str(int(call.org.clock.now().timestamp() * 1000))
    answer = {
        "access_token": session.token,
        "signature": call.org.sessions.signature(identity, issued_at),
        "scope": "api id",
        "instance_url": call.base_url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
        "api_instance_url": call.base_url,
    }
    if form.get("grant_type") == _JWT_BEARER:
        for name in ("signature", "issued_at"):
            del answer[name]
    return json_answer(answer)


def _sign_in(call: Call, form: dict[str, str]) -> Session:
    grant = form.get("grant_type")
    if grant == "client_credentials":
        client_id, client_secret = _client(call, form)
        return call.org.sessions.client_credentials(client_id, client_secret)
    if grant == _JWT_BEARER:
        own = frozenset({call.base_url, f"https://{urlsplit(call.base_url).netloc}"})
        return call.org.sessions.jwt_bearer(form.get("assertion", ""), own)
    raise OAuthError("unsupported_grant_type", "grant type not supported")


def _client(call: Call, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("invalid_client_id", "client identifier invalid") from None
    return client_id, secret


def revoke(call: Call) -> Response:
    """``POST /services/oauth2/revoke``."""
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"))) | dict(call.query)
    if call.org.sessions.revoke(form.get("token", "")):
        return nothing(200)
    body = {"error": "unsupported_token_type", "error_description": "this token type is not supported"}
    return json_answer(body, 400)
