"""How calls of the Pub/Sub API end, in the product's own errors.

A refusal bears Salesforce's code in the trailers, which says more than gRPC's status. Source: Pub/Sub API
guide, "Handle Errors", "Retry Long-Lived RPC Calls After an Error Occurs".
"""

import re
from typing import cast

import grpc

from connector.errors import (
    ConnectorError,
    ReplayIdRefused,
    RequestRefused,
    ServiceUnavailable,
    TooManyRequests,
)

PREFIX = "sfdc.platform.eventbus.grpc."
_REPLAY_ID = re.compile(r"\.replayid\.")
_RPC_ID = re.compile(r"\s*rpcId: \S+$")
NOT_PERMITTED = (
    "It takes View All Records of the object, which the permission set of salesforce/ gives; for "
    "AccountContactRelation, OrderItem and PricebookEntry, which know none, View All Data. Or leave it so."
)
_REFUSED = {
    grpc.StatusCode.NOT_FOUND: "Select the object in Setup, Change Data Capture. Or leave it so.",
    grpc.StatusCode.PERMISSION_DENIED: NOT_PERMITTED,
    grpc.StatusCode.INVALID_ARGUMENT: "See [salesforce] events of the instance.",
    grpc.StatusCode.FAILED_PRECONDITION: "See [salesforce] events of the instance.",
    grpc.StatusCode.UNIMPLEMENTED: "See [salesforce] pubsub_endpoint of the instance.",
}
"""What asking again doesn't help against, and what a person does about it."""
_ALLOWANCE_SECONDS = 300.0
"""Between two questions whether there is something left of a daily allowance."""


def failure(error: grpc.RpcError, channel: str) -> ConnectorError:
    """The product's error for a call about a channel that ended badly."""
    call = _call(error)
    status = call.code()
    code = str(dict(call.trailing_metadata() or ()).get("error-code", "")).removeprefix(PREFIX)
    message = f"Salesforce's event bus ({channel}): {_RPC_ID.sub('', call.details() or status.name)}"
    if _REPLAY_ID.search(code):
        return ReplayIdRefused(message, todo="The poll finds what came meanwhile.", code=code)
    if status in _REFUSED:
        return RequestRefused(message, todo=_REFUSED[status], code=code or status.name)
    if status is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return TooManyRequests(
            message, todo="The org's daily allowance of events is used up.", retry_after=_ALLOWANCE_SECONDS
        )
    return ServiceUnavailable(message)


def is_signed_out(error: grpc.RpcError) -> bool:
    """Whether the call ended because the session has."""
    return _call(error).code() is grpc.StatusCode.UNAUTHENTICATED


def _call(error: grpc.RpcError) -> grpc.Call:
    """What gRPC raises is the call that failed itself."""
    return cast("grpc.Call", error)
