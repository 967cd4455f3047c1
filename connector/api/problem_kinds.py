"""Every kind of problem that the API tells: a code, an HTTP status, what it means, what to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of problem. `title` says what it means; `todo`, where there is one, what to do about it."""

    code: str
    status: int
    title: str
    todo: str = ""


SIGN_IN_NEEDED = Kind(
    "SIGN_IN_NEEDED",
    401,
    "The request has no access token.",
    "Get one by POST /v1/token and send it as Authorization: Bearer <token>.",
)
TOKEN_REFUSED = Kind(
    "TOKEN_REFUSED",
    401,
    "The access token is not valid here.",
    "Get another one by POST /v1/token; if that is refused too, the app was revoked or has a new secret.",
)
TOKEN_EXPIRED = Kind(
    "TOKEN_EXPIRED", 401, "The access token has expired.", "Get another one by POST /v1/token."
)
APP_REFUSED = Kind(
    "APP_REFUSED",
    401,
    "The app's id or secret is not valid, or the app was revoked.",
    "Check both; `connector apps rotate` gives an app a new secret.",
)
TOKEN_REQUEST_INVALID = Kind(
    "TOKEN_REQUEST_INVALID",
    400,
    "The token request is not one of OAuth 2 client credentials.",
    "Send app id and secret by HTTP Basic, or as client_id and client_secret in a form, once each.",
)
GRANT_UNSUPPORTED = Kind(
    "GRANT_UNSUPPORTED", 400, "The grant type is not supported.", "Ask for grant_type=client_credentials."
)
SCOPE_REFUSED = Kind(
    "SCOPE_REFUSED",
    400,
    "The app may not have a scope that was asked for.",
    "Leave `scope` out to get all that the app may have, or let an administrator make an app with more.",
)
SCOPE_MISSING = Kind(
    "SCOPE_MISSING",
    403,
    "The token lacks the scope that this call needs.",
    "Get a token with it; if the app may not have it, use an app of another role.",
)
UNKNOWN_INSTANCE = Kind(
    "UNKNOWN_INSTANCE",
    404,
    "There is no such instance, or none that this app may see.",
    "Use the instance that the app was made for: the token names it.",
)
RATE_LIMITED = Kind(
    "RATE_LIMITED",
    429,
    "The app has sent too many requests.",
    "Wait as many seconds as Retry-After says.",
)
NOT_VALID = Kind(
    "NOT_VALID",
    422,
    "The request is not as the API says.",
    "Correct the places named; GET /openapi.json has the schema.",
)
TOO_LONG = Kind("TOO_LONG", 413, "The body is too long.", "Send less at once.")
NOT_FOUND = Kind("NOT_FOUND", 404, "There is no such address.", "GET /docs lists what there is.")
METHOD_NOT_ALLOWED = Kind("METHOD_NOT_ALLOWED", 405, "The address does not take this method.")
LEDGER_AWAY = Kind(
    "LEDGER_AWAY",
    503,
    "The ledger's database can't be reached; nothing was kept of the request.",
    "Send it again in a moment.",
)
UNKNOWN_ENTITY = Kind(
    "UNKNOWN_ENTITY",
    422,
    "There is no such entity type.",
    "Use one that GET .../entities lists.",
)
UNKNOWN_DIRECTION = Kind(
    "UNKNOWN_DIRECTION",
    422,
    "There is no such direction.",
    "Use gentrack-to-salesforce or salesforce-to-gentrack: it names the source.",
)
DIRECTION_NOT_SYNCHRONISED = Kind(
    "DIRECTION_NOT_SYNCHRONISED",
    422,
    "Records of this entity type are not synchronised in this direction.",
    "Use a direction that GET .../entities lists for it.",
)
KEY_USED_OTHERWISE = Kind(
    "KEY_USED_OTHERWISE",
    422,
    "The Idempotency-Key was used for another request in the last 24 hours.",
    "Use a new key for each request, and the same one only to send it again.",
)
UNKNOWN_JOB = Kind(
    "UNKNOWN_JOB", 404, "There is no such sync job on this instance.", "Take the id from the answer to POST."
)
UNKNOWN_RUN = Kind(
    "UNKNOWN_RUN", 404, "There is no such run of this instance.", "GET .../sync-runs lists those there are."
)
INSTANCE_IN_USE = Kind(
    "INSTANCE_IN_USE",
    409,
    "Another run holds the instance: its outage window is reserved or open.",
    "Wait for its end, or confirm or decline it.",
)
NOT_CONFIRMED = Kind(
    "NOT_CONFIRMED",
    409,
    "The answer was not taken: the run goes on waiting, or does not wait.",
    "GET the run to see what it asks.",
)
RUNS_AWAY = Kind(
    "RUNS_AWAY",
    503,
    "Runs can't be started at the moment: Prefect's server does not answer, or lacks the deployment.",
    "Send it again in a moment; if that does not help, have the service's settings checked.",
)
UNFORESEEN = Kind(
    "UNFORESEEN",
    500,
    "An error that is not foreseen.",
    "Send it again; if that ends alike, look into the log of the service.",
)
SIGNATURE_REFUSED = Kind(
    "SIGNATURE_REFUSED",
    401,
    "The signature of the event is not valid.",
    "Sign by the key of the app whose public key the instance names, and check the sender's clock.",
)
NOT_AN_EVENT = Kind("NOT_AN_EVENT", 400, "The body is no event of Gentrack.")
OTHER_TENANT = Kind("OTHER_TENANT", 400, "The event is of another tenant than the address names.")
NO_EVENTS_HERE = Kind(
    "NO_EVENTS_HERE", 404, "The instance takes no events.", "Set gentrack.webhook_key in its file."
)

ALL = tuple(kind for kind in list(vars().values()) if isinstance(kind, Kind))
"""Every kind, as documented."""
