"""A request as handlers see it, and answers as they give them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response, StreamingResponse

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema.model import Schema, SObjectType
from sandbox.salesforce.sessions import Session


@dataclass(slots=True)
class Call:
    """One request. ``path`` holds the values of the route's placeholders, decoded; ``version`` such as
    ``v66.0``.
    """

    org: Org
    method: str
    path: Mapping[str, str]
    query: QueryParams
    headers: Headers
    base_url: str
    body: bytes = b""
    session: Session | None = None
    _schema: Schema | None = None

    @property
    def version(self) -> str:
        """The API version of the address."""
        return self.path["version"]

    @property
    def user_id(self) -> str:
        """The signed-in user.

        Raises:
            ApiError: 401.
        """
        if self.session is None:
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        return self.session.user_id

    @property
    def schema(self) -> Schema:
        """The schema as the signed-in user finds it."""
        if self._schema is None:
            self._schema = self.org.access.schema_for(self.user_id)
        return self._schema

    @property
    def origin(self) -> str:
        """Through which API a change came, as change events tell it, with the client's name if given."""
        options = self.headers.get("sforce-call-options", "")
        given = dict(part.strip().partition("=")[::2] for part in options.split(","))
        client = f";client={given['client']}" if given.get("client") else ""
        return f"com/salesforce/api/rest/{self.version[1:]}{client}"

    def identity_url(self, user_id: str) -> str:
        """The address that says who a user is. A real org's is on login.salesforce.com."""
        return f"{self.base_url}/id/{self.org.standing.organization_id}/{user_id}"

    def locked_rows(self, sobject: SObjectType, count: int) -> list[int]:
        """Rows of a save that can't have their lock, because a fault says so."""
        user = self.session.username if self.session else None
        return self.org.faults.locked_rows(sobject.name, user, count)

    def sobject(self, name: str = "object") -> SObjectType:
        """The object that a placeholder names.

        Raises:
            ApiError: 404.
        """
        found = self.schema.get(self.path[name])
        if found is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return found

    def json(self) -> Any:
        """The body.

        Raises:
            ApiError: 400 ``JSON_PARSER_ERROR``.
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise ApiError(
                400, "JSON_PARSER_ERROR", f"{error.msg} at [line:{error.lineno}, column:{error.colno}]"
            ) from None

    def json_object(self) -> dict[str, Any]:
        """The body, which must be a JSON object.

        Raises:
            ApiError: 400 ``JSON_PARSER_ERROR``.
        """
        body = self.json()
        if not isinstance(body, dict):
            raise ApiError(
                400,
                "JSON_PARSER_ERROR",
                "The HTTP entity body is required, but this request has no entity body.",
            )
        return body


def json_answer(content: object, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(orjson.dumps(content), status, media_type="application/json;charset=UTF-8")


def nothing(status: int = 204) -> Response:
    """An answer without a body."""
    return Response(status_code=status)


def csv_stream(chunks: Iterable[bytes]) -> Response:
    """An answer in CSV, sent as it comes about."""
    return StreamingResponse(chunks, media_type="text/csv; charset=UTF-8")
