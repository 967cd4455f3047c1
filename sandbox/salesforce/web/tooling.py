"""Changing code through the Tooling API, which a production org refuses.

Source: Tooling API guide, ApexTrigger: "Save or update not supported in active organizations."
"""

from starlette.responses import Response

from sandbox.salesforce import identifiers
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.web.call import Call, nothing


def change_trigger(call: Call) -> Response:
    """``PATCH /tooling/sobjects/ApexTrigger/{id}``: the status, in an org that isn't a production org."""
    record_id = identifiers.normalised(call.path["id"])
    if not call.org.database.rows("SELECT 1 FROM ApexTrigger WHERE Id = ?", [record_id]):
        raise not_found()
    if call.org.switchboard.current.production:
        message = "Save or update not supported in active organizations."
        raise ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
    status = call.json_object().get("Status")
    if status not in {"Active", "Inactive"}:
        raise ApiError(
            400, "INVALID_FIELD_FOR_INSERT_UPDATE", "Only the status of a trigger can be changed", ("Status",)
        )
    with call.org.database.transaction() as transaction:
        transaction.run("UPDATE ApexTrigger SET Status = ? WHERE Id = ?", [status, record_id])
    return nothing()
