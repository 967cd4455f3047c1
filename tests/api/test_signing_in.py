"""Apps sign in as OAuth 2 and as GCIS have it; a token gets in where it belongs, and nowhere else."""

import base64
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connector.api.auth.secrets import hashed, new_secret
from connector.model.api_app import AppRole, AppScope
from connector.model.audit import AuditAction
from tests.api.service import INSTANCE, Service, Signed, problem


@pytest.fixture
def service(shared_service: Service) -> Service:
    return shared_service


ENTITIES = f"/v1/salesforce/instances/{INSTANCE}/entities"


def asked(service: Service, token: str, path: str = ENTITIES) -> httpx.Response:
    return service.http.get(path, headers={"Authorization": f"Bearer {token}"})


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def header_of(algorithm: str) -> str:
    return encoded(json.dumps({"alg": algorithm, "typ": "at+jwt", "kid": "of-the-tests"}).encode())


def at(service: Service, path: str) -> str:
    return str(service.http.base_url.join(path))


def forged(token: str, key: Any, algorithm: str = "RS256", **changed: Any) -> str:
    header = jwt.get_unverified_header(token)
    return jwt.encode(
        claims_of(token) | changed,
        key,
        algorithm=algorithm,
        headers={"kid": header["kid"], "typ": header["typ"]},
    )


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_real_client_library_signs_in_and_calls(service: Service, method: str) -> None:
    signed = service.add_app()
    with OAuth2Session(signed.app.id, signed.secret, token_endpoint_auth_method=method) as client:
        token = client.fetch_token(at(service, "/v1/token"), scope="sync:read")
        assert (token["token_type"], token["scope"], token["expires_in"]) == ("Bearer", "sync:read", 1800)
        names = [entity["entityType"] for entity in client.get(at(service, ENTITIES)).json()["entities"]]
    assert "account" in names
    assert names.index("account") < names.index("contact")


def test_the_client_library_understands_a_refusal(service: Service) -> None:
    signed = service.add_app()
    with (
        OAuth2Session(signed.app.id, "of nobody") as client,
        pytest.raises(OAuthError, match="invalid_client"),
    ):
        client.fetch_token(at(service, "/v1/token"))


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"json": {}},
        {"json": {"grant_type": "client_credentials"}},
        {"data": {"grant_type": "client_credentials"}},
        {"content": b"", "headers": {"Content-Type": "application/json"}},
    ],
)
def test_basic_with_any_body_that_gcis_takes(service: Service, sent: dict[str, Any]) -> None:
    signed = service.add_app()
    answer = service.http.post("/v1/token", auth=signed.basic, **sent)
    token = answer.raise_for_status().json()
    assert token["accessToken"] == token["access_token"]
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert asked(service, token["accessToken"]).status_code == 200


def test_id_and_secret_in_a_json_object(service: Service) -> None:
    signed = service.add_app()
    body = {"client_id": signed.app.id, "client_secret": signed.secret}
    assert asked(service, service.http.post("/v1/token", json=body).json()["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"data": {"grant_type": "password"}}, (400, "GRANT_UNSUPPORTED", "unsupported_grant_type")),
        ({"data": {"scope": "sync:read all"}}, (400, "SCOPE_REFUSED", "invalid_scope")),
        ({"data": {"scope": "initial-sync:start"}}, (400, "SCOPE_REFUSED", "invalid_scope")),
        ({"data": {"client_secret": "x"}}, (400, "TOKEN_REQUEST_INVALID", "invalid_request")),
        ({"data": {"client_id": "another"}}, (400, "TOKEN_REQUEST_INVALID", "invalid_request")),
        ({"content": b"scope=a&scope=b"}, (400, "TOKEN_REQUEST_INVALID", "invalid_request")),
        ({"content": b"\xff\xfe=1"}, (400, "TOKEN_REQUEST_INVALID", "invalid_request")),
        ({"content": b"["}, (400, "TOKEN_REQUEST_INVALID", "invalid_request")),
        ({"json": ["scope"]}, (400, "TOKEN_REQUEST_INVALID", "invalid_request")),
        ({"json": {"scope": 7}}, (400, "TOKEN_REQUEST_INVALID", "invalid_request")),
    ],
)
def test_a_request_that_is_none_is_told_so(
    service: Service, sent: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    answer = service.http.post("/v1/token", auth=service.add_app().basic, **sent)
    assert (*problem(answer), answer.json()["error"]) == expected


def test_a_wrong_app_or_secret_gets_nothing(service: Service) -> None:
    signed = service.add_app()
    for headers in (
        {},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": f"Basic {base64.b64encode(b'no colon').decode()}"},
        {"Authorization": "Basic " + base64.b64encode(f"{signed.app.id}:x".encode()).decode()},
        {"Authorization": "Basic " + base64.b64encode(f"nobody:{signed.secret}".encode()).decode()},
        {"Authorization": "Basic " + base64.b64encode(f"{signed.app.id}:".encode()).decode()},
    ):
        answer = service.http.post("/v1/token", headers=headers)
        assert (*problem(answer), answer.json()["error"]) == (401, "APP_REFUSED", "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


def test_what_a_token_says_and_that_others_can_check_it(service: Service) -> None:
    signed = service.add_app()
    token = service.token(signed)
    metadata = service.http.get("/.well-known/oauth-authorization-server").json()
    keys = jwt.PyJWKSet.from_dict(service.http.get(metadata["jwks_uri"]).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    assert (key.key_type, key.public_key_use, key.algorithm_name) == ("RSA", "sig", "RS256")
    address = str(service.http.base_url).rstrip("/")
    said = jwt.decode(token, key, algorithms=["RS256"], audience=f"{address}/v1", issuer=address)
    assert metadata["issuer"] == said["iss"]
    assert {name: said[name] for name in ("sub", "instance", "role")} == {
        "sub": signed.app.id,
        "instance": INSTANCE,
        "role": "operator",
    }
    assert said["scope"] == "sync-jobs:start sync:read sync:values"
    assert said["exp"] - said["nbf"] == 1800


def test_a_token_that_is_not_ours_gets_nowhere(service: Service) -> None:
    signed = service.add_app()
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = service.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    ours = service.token(signed)
    header, body, _ = ours.split(".")
    by_public = f"{header_of('HS256')}.{body}"
    digest = hmac.new(public, by_public.encode(), "sha256").digest()
    now = datetime.now(UTC)
    for token in (
        forged(ours, other),
        forged(ours, service.key, "RS512"),
        forged(ours, None, "none"),
        f"{header_of('none')}.{body}.",
        f"{header}.{body}.",
        f"{header}.{body}",
        f"{by_public}.{encoded(digest)}",
        forged(ours, service.key, iss="https://elsewhere.example"),
        forged(ours, service.key, aud="https://elsewhere.example"),
        forged(ours, service.key, nbf=now + timedelta(minutes=5)),
        forged(ours, service.key, sub="nobody"),
        forged(ours, service.key, ver=0),
        forged(ours, service.key, instance="22222222"),
        jwt.encode(claims_of(ours), service.key, "RS256", {"kid": "of-the-tests"}),
        jwt.encode(claims_of(ours), service.key, "RS256", {"typ": "at+jwt"}),
        "nonsense",
        "a.b.c",
    ):
        answer = asked(service, token)
        assert problem(answer) == (401, "TOKEN_REFUSED"), token
        assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


def test_an_app_id_that_postgresql_can_not_hold_is_unknown(service: Service) -> None:
    answer = service.http.post("/v1/token", auth=("a\0b", "secret"))
    assert problem(answer) == (401, "APP_REFUSED")


def test_an_expired_token_is_told_apart(service: Service) -> None:
    signed = service.add_app()
    expired = forged(service.token(signed), service.key, exp=int(time.time()) - 10)
    assert problem(asked(service, expired)) == (401, "TOKEN_EXPIRED")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}])
def test_without_a_token_one_is_asked_for(service: Service, headers: dict[str, str]) -> None:
    answer = service.http.get(ENTITIES, headers=headers)
    assert problem(answer) == (401, "SIGN_IN_NEEDED")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("there", [True, False])
def test_an_app_of_another_instance_can_t_tell_whether_this_one_is_there(
    service: Service, *, there: bool
) -> None:
    service.add_instance("22222222", None)
    token = service.token(service.add_app(AppRole.ADMINISTRATOR, "22222222"))
    path = ENTITIES if there else ENTITIES.replace(INSTANCE, "33333333")
    answer = asked(service, token, path)
    assert problem(answer) == (404, "UNKNOWN_INSTANCE")
    assert answer.json()["detail"] == f"App 'Tests' sees no instance {INSTANCE if there else '33333333'!r}."


def test_a_scope_that_is_missing_is_named(service: Service) -> None:
    signed = service.add_app(scopes=frozenset({AppScope.START_JOBS}))
    answer = asked(service, service.token(signed))
    assert problem(answer) == (403, "SCOPE_MISSING")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="sync:read"'


def test_a_revoked_app_is_out_at_once(service: Service) -> None:
    signed = service.add_app()
    token = service.token(signed)
    service.ledger.api_apps.revoke(signed.app.id, by="Aroha")
    assert problem(asked(service, token)) == (401, "TOKEN_REFUSED")
    assert problem(service.http.post("/v1/token", auth=signed.basic)) == (401, "APP_REFUSED")
    newest = service.ledger.audit.entries(INSTANCE)[0]
    assert (newest.who, newest.action) == ("Aroha", AuditAction.APP_REVOKED)


def test_a_new_secret_ends_the_old_one_and_its_tokens_or_leaves_them_a_while(service: Service) -> None:
    signed = service.add_app()
    token = service.token(signed)
    later, now = new_secret(), new_secret()
    apps = service.ledger.api_apps
    apps.rotate(signed.app.id, hashed(later), keep=timedelta(hours=1), by="tests")
    for secret in (signed.secret, later):
        service.token(Signed(signed.app, secret))
    assert asked(service, token).status_code == 200
    apps.rotate(signed.app.id, hashed(now), keep=timedelta(0), by="tests")
    assert problem(asked(service, token)) == (401, "TOKEN_REFUSED")
    for secret in (signed.secret, later):
        refused = service.http.post("/v1/token", auth=(signed.app.id, secret))
        assert problem(refused) == (401, "APP_REFUSED")
    assert asked(service, service.token(Signed(signed.app, now))).status_code == 200


def test_every_answer_has_the_headers_that_keep_it_safe(service: Service) -> None:
    for answer in (service.http.get("/health"), service.http.get("/nowhere"), asked(service, "x")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Server" not in answer.headers


@pytest.mark.parametrize(("method", "code"), [("GET", 404), ("DELETE", 405)])
def test_what_is_not_there_is_a_problem_too(service: Service, method: str, code: int) -> None:
    path = "/v2/token" if code == 404 else "/v1/token"
    named = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}[code]
    assert problem(service.http.request(method, path)) == (code, named)
