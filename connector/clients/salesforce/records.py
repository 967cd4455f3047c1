"""Single records and small reads by REST, through simple-salesforce on our session.

Of that library only the paging of queries and the addresses of resources are used. Its sign-in knows just
Salesforce's own hosts, it has no time limits, and its Bulk client loses job ids and mistakes newlines.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

from simple_salesforce.api import Salesforce, SFType

from connector.clients.http_date import moment_of
from connector.clients.salesforce.describe import object_describe
from connector.clients.salesforce.session import SalesforceSession
from connector.errors import RequestRefused
from connector.model.describe import ObjectDescribe

MY_DOMAIN = ".my.salesforce.com"
LIGHTNING = ".lightning.force.com"


class Records:
    """Records of one org."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session

    def now(self) -> datetime | None:
        """What time it is in the org, by the Date of an answer (RFC 9110); None where it bears none."""
        return moment_of(self._session.request("GET", f"{self._session.rest_path}/").headers.get("Date"))

    def user_name(self) -> str:
        """The user name behind the session (OpenID userinfo; the app needs the scope `openid` or `id`)."""
        return str(self._user()["preferred_username"])

    def user_id(self) -> str:
        """That user's id, as userinfo gives it."""
        return str(self._user()["user_id"])

    def describe(self, sobject: str) -> ObjectDescribe:
        """Raises RequestRefused (404) where the org has no such object, or the user may not see it."""
        return object_describe(self._object(sobject).describe())

    def limits(self) -> dict[str, dict[str, int]]:
        """Limit name -> Max and Remaining; shares of single apps are left out."""
        answer: dict[str, dict[str, Any]] = self._rest.limits()
        return {
            name: {"Max": limit["Max"], "Remaining": limit["Remaining"]}
            for name, limit in answer.items()
            if "Max" in limit
        }

    def record_counts(self, sobjects: Iterable[str]) -> dict[str, int]:
        """Object -> how many records it has, as the org last counted (REST API guide, "Record Count")."""
        names = ",".join(sobjects)
        path = f"{self._session.rest_path}/limits/recordCount"
        answer = self._session.request("GET", path, params={"sObjects": names}).json()
        return {each["name"]: int(each["count"]) for each in answer["sObjects"]}

    def api_versions(self) -> tuple[str, ...]:
        """What the org's release offers, the oldest first, such as 66.0."""
        answer = self._session.request("GET", "/services/data").json()
        return tuple(each["version"] for each in answer)

    def query(self, soql: str) -> list[dict[str, Any]]:
        """Every record of a small query, page after page, without its `attributes`."""
        return _plain(self._rest.query_all_iter(soql))

    def tooling_query(self, soql: str) -> list[dict[str, Any]]:
        """The first page of a query of the Tooling API: 2,000 records, more than an org has triggers."""
        path = f"{self._session.rest_path}/tooling/query"
        return _plain(self._session.request("GET", path, params={"q": soql}).json()["records"])

    def create(self, sobject: str, values: Mapping[str, Any]) -> str:
        """Create one record; returns its id. Repeated where its answer is lost: a twin must be refused."""
        return str(self._object(sobject).create(dict(values))["id"])

    def update(self, sobject: str, record_id: str, values: Mapping[str, Any]) -> None:
        """Change fields of one record."""
        self._object(sobject).update(record_id, dict(values))

    def delete(self, sobject: str, record_id: str) -> None:
        """Delete one record; one that is gone already is left alone."""
        try:
            self._object(sobject).delete(record_id)
        except RequestRefused as refused:
            if refused.status != 404:
                raise

    def upsert(self, sobject: str, key_field: str, key: str, values: Mapping[str, Any]) -> str:
        """Create or update one record by its external id; returns its Salesforce id.

        The key stands in the address: encoded whole, and refused where no encoding can carry it.
        """
        if key in ("", ".", ".."):
            raise RequestRefused(f"{key!r} can't be the {key_field} of one {sobject}: it is no address.")
        response = self._object(sobject).upsert(
            f"{key_field}/{quote(key, safe='')}", dict(values), raw_response=True
        )
        return str(response.json()["id"])

    def _user(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._session.request("GET", "/services/oauth2/userinfo").json()
        return answer

    @cached_property
    def _rest(self) -> Salesforce:
        return Salesforce(
            instance_url=self._session.instance_url(),
            session_id="held by the session",
            session=self._session,
            version=self._session.version,
            object_pairs_hook=dict,
        )

    def _object(self, sobject: str) -> SFType:
        rest = self._rest
        return SFType(
            sobject,
            rest.session_id,
            rest.sf_instance,
            sf_version=rest.sf_version,
            session=self._session,
            object_pairs_hook=dict,
        )


def _plain(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name != "attributes"} for record in records]


def record_url(org_url: str, sobject: str, record_id: str) -> str:
    """The Lightning page of a record; on a host that isn't Salesforce's own, below that host."""
    address = urlsplit(org_url)
    host = address.netloc
    if host.endswith(MY_DOMAIN):
        host = host.removesuffix(MY_DOMAIN) + LIGHTNING
    return f"{address.scheme}://{host}/lightning/r/{sobject}/{record_id}/view"
