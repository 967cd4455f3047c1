"""What the sandbox offers beside the org: nothing of this exists in Salesforce."""

from starlette.responses import Response

from sandbox.salesforce.web.call import Call, json_answer, nothing


def log(call: Call) -> Response:
    """``GET /sandbox/log``: every request so far, newest last."""
    return json_answer(call.org.log.entries())


def clear_log(call: Call) -> Response:
    """``DELETE /sandbox/log``."""
    call.org.log.clear()
    return nothing()


def revoke_sessions(call: Call) -> Response:
    """``DELETE /sandbox/sessions``: every access token stops working."""
    return json_answer({"revoked": call.org.sessions.revoke_all()})
