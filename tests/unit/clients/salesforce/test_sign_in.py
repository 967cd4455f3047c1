"""JWT bearer, and the form of both grants."""

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from connector.clients.salesforce.org import connect_salesforce
from connector.clients.salesforce.sign_in import Token, audience_of
from connector.errors import SettingsInvalid
from connector.instance import Instance
from connector.settings import SalesforceSecrets
from tests.unit.clients.conftest import FakeClock
from tests.unit.clients.scripted_server import Answer, ScriptedServer

TOKEN = "/services/oauth2/token"
USERINFO = "/services/oauth2/userinfo"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture
def key_file(key: rsa.RSAPrivateKey, tmp_path: Path) -> Path:
    file = tmp_path / "key.pem"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return file


def form_of(salesforce: ScriptedServer) -> dict[str, str]:
    body = salesforce.requests("POST", TOKEN)[0].body.decode()
    return {name: values[0] for name, values in parse_qs(body).items()}


def test_client_credentials(
    salesforce: ScriptedServer, instance_at: Callable[..., Instance], clock: FakeClock
) -> None:
    secrets = SalesforceSecrets(client_id="client", client_secret=SecretStr("a&b=c"))
    salesforce.answers("GET", USERINFO, Answer(200, {"preferred_username": "u"}))
    connect_salesforce(instance_at(salesforce_url=salesforce.url), secrets, clock).user_name()
    assert form_of(salesforce) == {
        "grant_type": "client_credentials",
        "client_id": "client",
        "client_secret": "a&b=c",
    }


@pytest.mark.parametrize("is_file", [True, False])
@pytest.mark.parametrize("audience", [None, "https://acme.my.salesforce.com"])
def test_jwt_bearer(
    salesforce: ScriptedServer,
    instance_at: Callable[..., Instance],
    key: rsa.RSAPrivateKey,
    key_file: Path,
    audience: str | None,
    *,
    is_file: bool,
) -> None:
    instance = instance_at(salesforce_url=salesforce.url)
    section = instance.salesforce.model_copy(update={"jwt_audience": audience})
    given = {"private_key_file": key_file} if is_file else {"private_key": key_file.read_text("ascii")}
    secrets = SalesforceSecrets.model_validate(
        {"client_id": "client", "username": "sync@acme.example", **given}
    )
    salesforce.answers("GET", USERINFO, Answer(200, {"preferred_username": "u"}))
    connect_salesforce(instance.model_copy(update={"salesforce": section}), secrets).user_name()
    form = form_of(salesforce)
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    wanted = audience or "https://login.salesforce.com"
    claims = jwt.decode(form["assertion"], key.public_key(), algorithms=["RS256"], audience=wanted)
    assert (claims["iss"], claims["sub"]) == ("client", "sync@acme.example")
    assert 0 < claims["exp"] - time.time() <= 180


def test_the_audience_of_a_sandbox_org() -> None:
    assert audience_of("https://acme--uat.sandbox.my.salesforce.com") == "https://test.salesforce.com"
    assert audience_of("https://acme.my.salesforce.com") == "https://login.salesforce.com"


@pytest.mark.parametrize(
    "content", [None, "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_a_key_that_can_not_sign(
    salesforce: ScriptedServer, instance_at: Callable[..., Instance], tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_text(content)
    secrets = SalesforceSecrets(client_id="client", username="sync@acme.example", private_key_file=file)
    with pytest.raises(SettingsInvalid, match=r"key.pem can't sign"):
        connect_salesforce(instance_at(salesforce_url=salesforce.url), secrets).user_name()
    assert salesforce.got == []


def test_a_token_does_not_show_itself() -> None:
    assert "hush" not in repr(Token("hush", "https://acme.my.salesforce.com"))
