"""What the sandbox offers beside the org: nothing of this exists in Salesforce."""

from starlette.responses import Response

from sandbox.salesforce.dml.triggers import EVENT
from sandbox.salesforce.soql.records import plain
from sandbox.salesforce.web.call import Call, json_answer, nothing


def log(call: Call) -> Response:
    """``GET /sandbox/log``: every request so far, newest last."""
    return json_answer(call.org.log.entries())


def clear_log(call: Call) -> Response:
    """``DELETE /sandbox/log``."""
    call.org.log.clear()
    return nothing()


def events(call: Call) -> Response:
    """``GET /sandbox/events?after=N``: platform events that were published, oldest first."""
    after = call.query.get("after", "0")
    found = call.org.database.table(
        f"SELECT * EXCLUDE (Id) FROM {EVENT} WHERE ReplayId::BIGINT > ?::BIGINT ORDER BY ReplayId::BIGINT "
        f"LIMIT 10000",
        [after if after.isdigit() else "0"],
    )
    return json_answer([{name: plain(value) for name, value in row.items()} for row in found.to_pylist()])


def revoke_sessions(call: Call) -> Response:
    """``DELETE /sandbox/sessions``: every access token stops working."""
    return json_answer({"revoked": call.org.sessions.revoke_all()})
