"""Says whose a token is, as the platform's identity service and as OpenID Connect do.

Source: Salesforce help, "Identity URLs" with its refusals; "OpenID Connect UserInfo Endpoint".
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import PlainTextResponse, Response

from sandbox.salesforce.errors import session_invalid
from sandbox.salesforce.identifiers import normalised_array
from sandbox.salesforce.web.call import Call, json_answer
from sandbox.salesforce.web.resources import LATEST_VERSION

_FIELDS = (
    "Username, Name, Email, FirstName, LastName, TimeZoneSidKey, LocaleSidKey, LanguageLocaleKey, "
    "CommunityNickname, MobilePhone, IsActive, LastModifiedDate"
)
_RESOURCES = {
    "rest": "/services/data/v{version}/",
    "sobjects": "/services/data/v{version}/sobjects/",
    "query": "/services/data/v{version}/query/",
}


def identity(call: Call) -> Response:
    """``GET /id/{organization}/{user}``: the token in the header or as ``oauth_token``; always JSON."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    token = token.strip() if scheme.lower() in {"bearer", "oauth"} else call.query.get("oauth_token", "")
    if not token:
        return PlainTextResponse("Missing_OAuth_Token", 403)
    session = call.org.sessions.find(token)
    if session is None:
        return PlainTextResponse("Bad_OAuth_Token", 403)
    organization, user = normalised_array([call.path["organization"], call.path["user"]])
    if organization != call.org.standing.organization_id:
        return PlainTextResponse("Wrong_Org", 403)
    found = _user(call, user) if user else None
    if found is None:
        return PlainTextResponse("Bad_Id", 404)
    return json_answer(
        {
            "id": call.identity_url(str(user)),
            "asserted_user": user == session.user_id,
            "user_id": user,
            "organization_id": organization,
            "username": found["Username"],
            "nick_name": found["CommunityNickname"],
            "display_name": found["Name"],
            "email": found["Email"],
            "email_verified": True,
            "first_name": found["FirstName"],
            "last_name": found["LastName"],
            "timezone": found["TimeZoneSidKey"],
            "mobile_phone": found["MobilePhone"],
            "mobile_phone_verified": False,
            "status": {"created_date": None, "body": None},
            "urls": _urls(call),
            "active": found["IsActive"],
            "user_type": "STANDARD",
            "language": found["LanguageLocaleKey"],
            "locale": found["LocaleSidKey"],
            "utcOffset": _offset(found["TimeZoneSidKey"], found["LastModifiedDate"]),
            "last_modified_date": f"{found['LastModifiedDate']:%Y-%m-%dT%H:%M:%SZ}",
        }
    )


def userinfo(call: Call) -> Response:
    """``GET /services/oauth2/userinfo``."""
    found = _user(call, call.user_id)
    if found is None:
        raise session_invalid()
    return json_answer(
        {
            "sub": call.identity_url(call.user_id),
            "user_id": call.user_id,
            "organization_id": call.org.standing.organization_id,
            "preferred_username": found["Username"],
            "nickname": found["CommunityNickname"],
            "name": found["Name"],
            "email": found["Email"],
            "email_verified": True,
            "given_name": found["FirstName"],
            "family_name": found["LastName"],
            "zoneinfo": found["TimeZoneSidKey"],
            "locale": found["LocaleSidKey"],
            "language": found["LanguageLocaleKey"],
            "user_type": "STANDARD",
            "active": found["IsActive"],
            "utcOffset": _offset(found["TimeZoneSidKey"], found["LastModifiedDate"]),
            "urls": _urls(call),
        }
    )


def _user(call: Call, user_id: str) -> dict[str, Any] | None:
    found = call.org.database.rows(f'SELECT {_FIELDS} FROM "User" WHERE Id = ?', [user_id])
    return dict(zip(_FIELDS.split(", "), found[0], strict=True)) if found else None


def _urls(call: Call) -> dict[str, str]:
    """The APIs of the org; ``{version}`` stays unless the client asks for one, or for the ``latest``."""
    version = call.query.get("version", "{version}")
    version = LATEST_VERSION if version == "latest" else version
    return {name: call.base_url + path.replace("{version}", version) for name, path in _RESOURCES.items()}


def _offset(zone: str, moment: datetime) -> int:
    """Milliseconds that a time zone is ahead of UTC, summer time left out."""
    local = moment.replace(tzinfo=ZoneInfo(zone))
    offset, summer = local.utcoffset(), local.dst()
    return 0 if offset is None or summer is None else int((offset - summer).total_seconds() * 1000)
