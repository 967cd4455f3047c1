"""Tokens: who gets one, and which are accepted."""

from datetime import timedelta

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.gentrack.app import create_app
from sandbox.gentrack.tenant import Tenant
from sandbox.gentrack.tokens import TokenIssuer
from sandbox.seed import Dataset
from sandbox.serving import running


def _ask(address: str, token: str) -> httpx.Response:
    return httpx.get(f"{address}/v1/junifer/accounts", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize(
    "body", [{}, {"content": b""}, {"json": {}}, {"data": {"grant_type": "client_credentials"}}]
)
def test_the_app_gets_a_token_whatever_empty_body_it_sends(
    tenant: Tenant, address: str, body: dict[str, bytes]
) -> None:
    credentials = (tenant.app.app_id, tenant.app.secret)
    answer = httpx.post(f"{address}/v1/token", auth=credentials, **body)  # type: ignore[arg-type]
    assert answer.status_code == 200
    given = answer.json()
    assert given["tokenType"] == "Bearer"
    claims = jwt.decode(given["accessToken"], options={"verify_signature": False})
    assert jwt.get_unverified_header(given["accessToken"])["alg"] == "RS256"
    assert claims["exp"] - claims["iat"] == given["expiresIn"] == 1_800
    assert claims["tenantId"] == tenant.app.tenant_id
    assert _ask(address, given["accessToken"]).status_code == 200


def test_wrong_credentials_get_none(tenant: Tenant, address: str) -> None:
    for header in (
        httpx.BasicAuth(tenant.app.app_id, "wrong"),
        httpx.BasicAuth("wrong", tenant.app.secret),
        None,
    ):
        answer = httpx.post(f"{address}/v1/token", auth=header)
        assert answer.status_code == 401
        assert answer.json()["errorSeverity"] == "Error"
    broken = httpx.post(f"{address}/v1/token", headers={"Authorization": "Basic no base64"})
    assert broken.status_code == 401


def test_another_grant_is_refused(tenant: Tenant, address: str) -> None:
    credentials = (tenant.app.app_id, tenant.app.secret)
    answer = httpx.post(f"{address}/v1/token", auth=credentials, data={"grant_type": "password"})
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "UnsupportedGrantType")


def test_missing_and_foreign_tokens_are_refused(address: str) -> None:
    foreign = jwt.encode({"exp": 4_000_000_000}, rsa.generate_private_key(65_537, 2_048), "RS256")
    assert httpx.get(f"{address}/v1/junifer/accounts").status_code == 401
    assert _ask(address, foreign).status_code == 401
    assert _ask(address, "no token at all").status_code == 401


def test_an_expired_token_is_refused() -> None:
    tenant = Tenant(Dataset(1))
    tenant.tokens = TokenIssuer(tenant.app, lifetime=timedelta(seconds=-1))
    with running(create_app(tenant)) as address:
        given = httpx.post(f"{address}/v1/token", auth=(tenant.app.app_id, tenant.app.secret)).json()
        answer = _ask(address, given["accessToken"])
    assert (answer.status_code, answer.json()["errorCode"]) == (401, "TokenExpired")


def test_a_revoked_token_is_refused_and_a_new_one_accepted(
    tenant: Tenant, address: str, client: httpx.Client
) -> None:
    tenant.tokens.revoke_all()
    assert client.get("/accounts").status_code == 401
    again = httpx.post(f"{address}/v1/token", auth=(tenant.app.app_id, tenant.app.secret)).json()
    assert _ask(address, again["accessToken"]).status_code == 200


def test_credentials_are_new_at_every_start() -> None:
    one, other = Tenant(Dataset(1)).app, Tenant(Dataset(1)).app
    assert one.app_id != other.app_id
    assert one.secret != other.secret
    assert len(one.tenant_id) == 8
    assert one.tenant_id.isdecimal()
    assert one.secret not in repr(one)
