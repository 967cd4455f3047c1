"""OAuth: both flows, their errors, and tokens that stop working."""

import ssl
import time
from pathlib import Path

import httpx
import jwt
import pytest

from tests.sandbox.salesforce.org_client import DATA, OrgClient

TOKEN = "/services/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def assertion(org: OrgClient, **changes: object) -> str:
    claims = {
        "iss": org.announced["client_id"],
        "sub": org.announced["username"],
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 180,
    } | changes
    key = Path(org.announced["private_key_file"]).read_text(encoding="utf-8")
    return jwt.encode(claims, key, "RS256")


def test_client_credentials_by_basic_authentication(org: OrgClient) -> None:
    response = httpx.post(
        org.announced["url"] + TOKEN,
        auth=(org.announced["client_id"], org.announced["client_secret"]),
        data={"grant_type": "client_credentials"},
    )

    answer = response.json()
    assert response.status_code == 200
    assert answer.keys() >= {
        "access_token",
        "signature",
        "scope",
        "instance_url",
        "id",
        "token_type",
        "issued_at",
    }
    assert not answer.keys() & {"refresh_token", "expires_in"}
    assert answer["instance_url"] == org.announced["url"]
    assert answer["token_type"] == "Bearer"


def test_the_administrator_signs_in_too(org: OrgClient) -> None:
    signed = assertion(org, sub=org.announced["administrator"])
    answer = org.http.post(TOKEN, data={"grant_type": JWT_BEARER, "assertion": signed}).json()

    with httpx.Client(base_url=org.announced["url"]) as client:
        client.headers["Authorization"] = f"Bearer {answer['access_token']}"
        made = client.post(f"{DATA}/sobjects/Account", json={"Name": "By hand"}).json()["id"]

    maker = org.get("User", org.get("Account", made)["CreatedById"])
    assert maker["Username"] == org.announced["administrator"]
    (entry,) = [each for each in org.http.get("/sandbox/log").json() if each["user"] == maker["Username"]]
    assert (entry["method"], entry["path"]) == ("POST", f"{DATA}/sobjects/Account")


def test_the_instance_is_where_the_client_came_in(org: OrgClient) -> None:
    context = ssl.create_default_context(cafile=org.announced["ca_file"])
    port = org.announced["tls_url"].rpartition(":")[2]

    with httpx.Client(verify=context, base_url=f"https://localhost:{port}") as client:
        response = client.post(TOKEN, data={"grant_type": JWT_BEARER, "assertion": assertion(org)})
        instance = response.json()["instance_url"]
        client.headers["Authorization"] = f"Bearer {response.json()['access_token']}"
        assert client.get(f"{instance}{DATA}/limits").status_code == 200

    assert instance == f"https://localhost:{port}"


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type", "grant type not supported"),
        (
            {"grant_type": "client_credentials", "client_id": "x"},
            "invalid_client_id",
            "client identifier invalid",
        ),
        ({"grant_type": JWT_BEARER, "assertion": "x"}, "invalid_grant", "invalid assertion"),
    ],
)
def test_refused_sign_ins(org: OrgClient, form: dict[str, str], error: str, description: str) -> None:
    response = org.http.post(TOKEN, data=form)

    assert response.status_code == 400
    assert response.json() == {"error": error, "error_description": description}


def test_a_wrong_secret_is_refused(org: OrgClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": org.announced["client_id"], "client_secret": "x"}

    assert org.http.post(TOKEN, data=form).json() == {
        "error": "invalid_client",
        "error_description": "invalid client credentials",
    }


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"sub": "nobody@example.test"}, "user hasn't approved this consumer"),
        ({"aud": "https://elsewhere.test"}, "audience is invalid"),
        ({"exp": 1}, "expired authorization code"),
    ],
)
def test_refused_assertions(org: OrgClient, changes: dict[str, object], description: str) -> None:
    response = org.http.post(TOKEN, data={"grant_type": JWT_BEARER, "assertion": assertion(org, **changes)})

    assert response.json() == {"error": "invalid_grant", "error_description": description}


def test_without_a_token_nothing_is_shown(org: OrgClient) -> None:
    for headers in ({}, {"Authorization": "Bearer made-up"}):
        response = httpx.get(f"{org.announced['url']}{DATA}/sobjects", headers=headers)
        assert response.status_code == 401
        assert response.json() == [
            {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
        ]
    assert httpx.get(f"{org.announced['url']}/services/data").status_code == 200


def test_a_revoked_token_stops_working(org: OrgClient) -> None:
    token = org.sign_in()
    with httpx.Client(base_url=org.announced["url"], headers={"Authorization": f"Bearer {token}"}) as client:
        assert client.get(f"{DATA}/limits").status_code == 200
        assert client.post("/services/oauth2/revoke", data={"token": token}).status_code == 200
        assert client.get(f"{DATA}/limits").status_code == 401


def test_userinfo_names_the_user(org: OrgClient) -> None:
    info = org.http.get("/services/oauth2/userinfo").json()

    assert info["preferred_username"] == org.announced["username"]
    assert org.get("User", info["user_id"])["Username"] == org.announced["username"]


def test_the_identity_address_that_a_token_comes_with_tells_whose_it_is(org: OrgClient) -> None:
    form = {name: org.announced[name] for name in ("client_id", "client_secret")}
    issued = org.http.post(TOKEN, data=form | {"grant_type": "client_credentials"}).json()
    assert issued["id"].startswith(org.announced["url"])
    assert org.http.get(DATA).json()["identity"] == issued["id"]

    by_header = org.http.get(issued["id"])
    by_parameter = httpx.get(
        issued["id"], params={"oauth_token": issued["access_token"], "format": "json", "version": "latest"}
    )

    who = by_header.json()
    user = org.get("User", who["user_id"])
    assert (by_header.status_code, by_parameter.status_code) == (200, 200)
    assert (who["id"], who["asserted_user"], who["user_type"], who["active"]) == (
        issued["id"],
        True,
        "STANDARD",
        True,
    )
    assert (who["username"], who["display_name"], who["email"]) == (
        org.announced["username"],
        user["Name"],
        user["Email"],
    )
    assert (who["timezone"], who["utcOffset"]) == ("GMT", 0)
    assert who["urls"]["rest"] == f"{org.announced['url']}/services/data/v{{version}}/"
    assert by_parameter.json()["urls"]["query"] == f"{org.announced['url']}/services/data/v67.0/query/"


def test_identities_that_are_not_told(org: OrgClient) -> None:
    _, _, organization, user = httpx.URL(org.http.get(DATA).json()["identity"]).path.split("/")
    base = org.announced["url"]

    def answer(response: httpx.Response) -> tuple[int, str]:
        return response.status_code, response.text

    assert answer(httpx.get(f"{base}/id/{organization}/{user}")) == (403, "Missing_OAuth_Token")
    assert answer(httpx.get(f"{base}/id/{organization}/{user}?oauth_token=x")) == (403, "Bad_OAuth_Token")
    assert answer(org.http.get(f"/id/00D000000000001EAA/{user}")) == (403, "Wrong_Org")
    assert answer(org.http.get(f"/id/{organization}/nobody")) == (404, "Bad_Id")
