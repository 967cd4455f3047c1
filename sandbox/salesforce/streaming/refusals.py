"""Refusals of the Pub/Sub API: a gRPC status, a code of Salesforce's own in the trailers, and a message.

Source: Pub/Sub API guide, "Handle Errors": the codes; statuses and wording as reported from the field where
they are.
"""

from typing import Any, NoReturn

from grpc import StatusCode
from grpc.aio import ServicerContext

_PREFIX = "sfdc.platform.eventbus.grpc."


class Refused(Exception):
    """A call that ends with an error; `code` is told after Salesforce's prefix."""

    def __init__(self, status: StatusCode, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = _PREFIX + code
        self.message = message

    async def end(self, context: ServicerContext[Any, Any], rpc_id: str) -> NoReturn:
        """End the call: the id of the call stands in the message and beside the code."""
        trailers = (("error-code", self.code), ("rpc-id", rpc_id))
        await context.abort(self.status, f"{self.message} rpcId: {rpc_id}", trailers)
        raise AssertionError("abort raises")


def not_authenticated() -> Refused:
    """The session has ended, or never was."""
    return Refused(
        StatusCode.UNAUTHENTICATED,
        "service.auth.error",
        "Authentication exception occurred while calling SFDC service. Ensure the authentication credentials "
        "in the metadata headers are valid.",
    )


def headers_invalid(name: str) -> Refused:
    """A header without which nobody is known."""
    return Refused(
        StatusCode.UNAUTHENTICATED,
        "service.auth.headers.invalid",
        f"The metadata header {name} is missing or is invalid.",
    )


def topic_not_found(organization_id: str, topic: str) -> Refused:
    """No such topic, or changes of its object aren't captured."""
    return Refused(
        StatusCode.NOT_FOUND,
        "topic.not.found",
        f"The topic information for org CORE/prod/{organization_id} and topic {topic} not found. Ensure the "
        "topic name is correct and that the topic exists.",
    )


def invalid(code: str, message: str) -> Refused:
    """A request that means nothing."""
    return Refused(StatusCode.INVALID_ARGUMENT, code, message)
