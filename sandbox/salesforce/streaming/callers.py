"""Who calls: the session, the org and the address that the metadata of a call name."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sandbox.salesforce.schema.model import Schema
from sandbox.salesforce.sessions import Sessions
from sandbox.salesforce.streaming.refusals import headers_invalid, not_authenticated

HEADERS = ("accesstoken", "instanceurl", "tenantid")


@dataclass(frozen=True)
class Caller:
    """A signed-in caller, with the schema as that user finds it at the moment of the call."""

    token: str
    user_id: str
    visible: Schema
    rpc_id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Gate:
    """Checks the metadata of calls. Without `addresses` (host:port of the org) any instance URL will do."""

    def __init__(self, sessions: Sessions, organization_id: str, addresses: Iterable[str] = ()) -> None:
        self._sessions = sessions
        self._organization_ids = {organization_id, organization_id[:15]}
        self._addresses = frozenset(addresses)

    def user_of(self, metadata: Iterable[tuple[str, str | bytes]]) -> tuple[str, str]:
        """The token and its user.

        Raises:
            Refused: a header is missing, or names another org, or the session has ended.
        """
        given = {name: value for name, value in metadata if isinstance(value, str)}
        for name in HEADERS:
            if not given.get(name, "").strip():
                raise headers_invalid(name)
        if given["tenantid"] not in self._organization_ids:
            raise headers_invalid("tenantid")
        address = urlsplit(given["instanceurl"]).netloc
        if not address or (self._addresses and address not in self._addresses):
            raise headers_invalid("instanceurl")
        return given["accesstoken"], self.check(given["accesstoken"])

    def check(self, token: str) -> str:
        """The user of a session that still lives.

        Raises:
            Refused: it has ended.
        """
        session = self._sessions.find(token)
        if session is None:
            raise not_authenticated()
        return session.user_id
