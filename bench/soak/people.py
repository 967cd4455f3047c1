"""The people of both systems: what they do there goes through the same doors as everybody's."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import jwt

from deployments.sandbox_process import SandboxGentrack, SandboxSalesforce

DATA = "/services/data/v66.0"
PAGE = 5_000
_TIMEOUT = httpx.Timeout(60)
_SIDE_BY_SIDE = httpx.Limits(max_connections=32, max_keepalive_connections=32)
Record = dict[str, Any]


class GentrackPeople:
    """Who works in Gentrack. Addresses are those of its public API."""

    def __init__(self, tenant: SandboxGentrack) -> None:
        self._http = httpx.Client(
            base_url=f"{tenant.url}/v1",
            timeout=_TIMEOUT,
            limits=_SIDE_BY_SIDE,
            headers={"User-Agent": "people"},
        )
        self._tenant = tenant
        self._http.headers["Authorization"] = f"Bearer {self._sign_in()}"

    def change(self, resource: str, record: int, fields: Mapping[str, Any]) -> Record:
        """Change fields of a record; returns it."""
        return self._asked("PATCH", f"/junifer/{resource}/{record}", json=fields)

    def create(self, resource: str, fields: Mapping[str, Any]) -> Record:
        """Make a record; returns it."""
        return self._asked("POST", f"/junifer/{resource}", json=fields)

    def relations_of(self, account: int) -> list[Record]:
        """The account customers of an account: a new one has its primary."""
        return list(self._asked("GET", f"/junifer/accounts/{account}/accountCustomers")["results"])

    def everything(self, resource: str) -> Iterator[Record]:
        """Every record of a collection."""
        return self._pages(f"/junifer/{resource}?limit={PAGE}")

    def _pages(self, first: str) -> Iterator[Record]:
        address: str | None = first
        while address:
            page = self._asked("GET", address)
            yield from page["results"]
            following = page["links"].get("next")
            address = f"/junifer{following.partition('/rest/v1')[2]}" if following else None

    def changed(self, resource: str, since: str) -> Iterator[Record]:
        """The records of a collection that were changed since a time."""
        return self._pages(f"/junifer/{resource}?limit={PAGE}&updatedSince={since}")

    def close(self) -> None:
        """Go home."""
        self._http.close()

    def _sign_in(self) -> str:
        app = (self._tenant.app_id, self._tenant.app_secret.get_secret_value())
        return str(self._http.post("/token", auth=app).json()["accessToken"])

    def _asked(self, method: str, address: str, **more: Any) -> Record:
        answer = self._http.request(method, address, **more)
        if answer.status_code == 401:
            self._http.headers["Authorization"] = f"Bearer {self._sign_in()}"
            answer = self._http.request(method, address, **more)
        return dict(answer.raise_for_status().json())


class SalesforcePeople:
    """Who works in Salesforce: the administrator, who is not the connector's user."""

    def __init__(self, org: SandboxSalesforce) -> None:
        self._org = org
        self._http = httpx.Client(base_url=org.url, timeout=_TIMEOUT, limits=_SIDE_BY_SIDE)
        self._http.headers["Authorization"] = f"Bearer {self._sign_in()}"

    def change(self, sobject: str, record: str, fields: Mapping[str, Any]) -> None:
        """Change fields of a record."""
        self._asked("PATCH", f"{DATA}/sobjects/{sobject}/{record}", json=fields)

    def create(self, sobject: str, fields: Mapping[str, Any]) -> str:
        """Make a record; returns its id."""
        return str(self._asked("POST", f"{DATA}/sobjects/{sobject}", json=fields).json()["id"])

    def delete(self, sobject: str, record: str) -> None:
        """Delete a record."""
        self._asked("DELETE", f"{DATA}/sobjects/{sobject}/{record}")

    def merge(self, sobject: str, winner: str, loser: str) -> None:
        """Merge a record into another."""
        self._asked("POST", "/sandbox/merge", json={"object": sobject, "winner": winner, "ids": [loser]})

    def fields_of(self, sobject: str) -> set[str]:
        """The names of an object's fields."""
        described = self._asked("GET", f"{DATA}/sobjects/{sobject}/describe").json()
        return {field["name"] for field in described["fields"]}

    def everything(self, sobject: str, fields: list[str]) -> Iterator[Record]:
        """Every record of an object, deleted ones too."""
        return self._answered("queryAll", f"SELECT {', '.join(fields)} FROM {sobject}")

    def found(self, soql: str) -> Iterator[Record]:
        """The records that a query finds."""
        return self._answered("query", soql)

    def _answered(self, how: str, soql: str) -> Iterator[Record]:
        answer = self._asked("GET", f"{DATA}/{how}", params={"q": soql}).json()
        yield from answer["records"]
        while not answer["done"]:
            answer = self._asked("GET", answer["nextRecordsUrl"]).json()
            yield from answer["records"]

    def close(self) -> None:
        """Go home."""
        self._http.close()

    def _asked(self, method: str, address: str, **more: Any) -> httpx.Response:
        answer = self._http.request(method, address, **more)
        if answer.status_code == 401:
            self._http.headers["Authorization"] = f"Bearer {self._sign_in()}"
            answer = self._http.request(method, address, **more)
        return answer.raise_for_status()

    def _sign_in(self) -> str:
        claims = {
            "iss": self._org.client_id,
            "sub": self._org.administrator,
            "aud": "https://login.salesforce.com",
            "exp": int(time.time()) + 180,
        }
        signed = jwt.encode(claims, self._org.private_key_file.read_text("utf-8"), "RS256")
        grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        asked = {"grant_type": grant, "assertion": signed}
        return str(self._http.post("/services/oauth2/token", data=asked).json()["access_token"])
