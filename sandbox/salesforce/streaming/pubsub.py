"""The service ``eventbus.v1.PubSub`` of one org. ManagedSubscribe, a beta of Salesforce, is not offered."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from grpc import StatusCode
from grpc.aio import ServicerContext

from eventbus import methods
from eventbus.methods import Method
from eventbus.pubsub_api_pb2 import (
    FetchRequest,
    FetchResponse,
    PublishRequest,
    PublishResponse,
    SchemaInfo,
    SchemaRequest,
    TopicInfo,
    TopicRequest,
)
from sandbox.salesforce.org import Org
from sandbox.salesforce.streaming.callers import Caller, Gate
from sandbox.salesforce.streaming.publication import may_publish, publish
from sandbox.salesforce.streaming.refusals import Refused, invalid, topic_not_found
from sandbox.salesforce.streaming.subscription import Subscription
from sandbox.salesforce.streaming.topics import Topic

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)
Context = ServicerContext[Any, Any]


class PubSub:
    """Answers calls; `addresses` are those of the org's HTTP side, one of which each caller must name."""

    def __init__(self, org: Org, addresses: Iterable[str] = ()) -> None:
        self._org = org
        self._gate = Gate(org.sessions, org.standing.organization_id, addresses)

    def handler(self) -> grpc.GenericRpcHandler:
        """What a gRPC server needs to serve it."""
        return grpc.method_handlers_generic_handler(
            methods.SERVICE,
            {
                **self._single(methods.GET_TOPIC, self._topic_info),
                **self._single(methods.GET_SCHEMA, self._schema_info),
                **self._single(methods.PUBLISH, self._publish),
                **self._streamed(methods.SUBSCRIBE, self._subscribe),
                **self._streamed(methods.PUBLISH_STREAM, self._publish_stream),
            },
        )

    def _single(
        self, method: Method[Q, A], answer: Callable[[Caller, Q], A]
    ) -> "dict[str, grpc.RpcMethodHandler[Q, A]]":
        async def handle(request: Q, context: Context) -> A:
            try:
                caller = await self._caller(context)
                return await asyncio.to_thread(answer, caller, request)
            except Refused as refusal:
                await refusal.end(context, str(uuid.uuid4()))

        return {
            method.name: grpc.unary_unary_rpc_method_handler(
                handle, method.request.FromString, method.response.SerializeToString
            )
        }

    def _streamed(
        self, method: Method[Q, A], answer: Callable[[Caller, AsyncIterator[Q]], AsyncIterator[A]]
    ) -> "dict[str, grpc.RpcMethodHandler[Q, A]]":
        async def handle(requests: AsyncIterator[Q], context: Context) -> AsyncIterator[A]:
            try:
                caller = await self._caller(context)
                async for response in answer(caller, requests):
                    yield response
            except Refused as refusal:
                await refusal.end(context, str(uuid.uuid4()))

        return {
            method.name: grpc.stream_stream_rpc_method_handler(
                handle, method.request.FromString, method.response.SerializeToString
            )
        }

    async def _caller(self, context: Context) -> Caller:
        token, user_id = self._gate.user_of(context.invocation_metadata() or ())
        visible = await asyncio.to_thread(self._org.access.schema_for, user_id)
        return Caller(token, user_id, visible)

    def _find(self, name: str) -> Topic:
        if not name.strip():
            raise invalid("topic.validation.empty", "The topic name can't be blank.")
        topic = self._org.topics.find(name)
        if topic is None:
            raise topic_not_found(self._org.standing.organization_id, name)
        return topic

    def _may_subscribe(self, caller: Caller, topic: Topic) -> bool:
        """A platform event takes Read, changes of an object View All; who hears all is heard out later.

        Source: Change Data Capture guide, "Required Permissions for Change Event Subscribers".
        """
        if topic.sobject is None:
            return True
        if topic.sobject.event:
            return caller.visible.get(topic.sobject.name) is not None
        return self._org.access.sees_all(caller.user_id, topic.sobject.name)

    def _topic_info(self, caller: Caller, request: TopicRequest) -> TopicInfo:
        topic = self._find(request.topic_name)
        return TopicInfo(
            topic_name=topic.name,
            tenant_guid=self._org.standing.organization_id,
            can_publish=may_publish(caller, topic),
            can_subscribe=self._may_subscribe(caller, topic),
            schema_id=topic.schema.id if topic.schema else "",
            rpc_id=caller.rpc_id,
        )

    def _schema_info(self, caller: Caller, request: SchemaRequest) -> SchemaInfo:
        if not request.schema_id.strip():
            raise invalid(
                "schema.validation.failed", "Schema validation failed. The schema ID can't be blank."
            )
        schema = self._org.topics.schema_with_id(request.schema_id)
        if schema is None:
            message = f"The schema {request.schema_id} was not found."
            raise Refused(StatusCode.NOT_FOUND, "schema.meta.permission", message)
        return SchemaInfo(schema_json=schema.text, schema_id=schema.id, rpc_id=caller.rpc_id)

    def _publish(self, caller: Caller, request: PublishRequest) -> PublishResponse:
        return publish(self._org, caller, request)

    async def _subscribe(
        self, caller: Caller, requests: AsyncIterator[FetchRequest]
    ) -> AsyncIterator[FetchResponse]:
        first = await anext(requests, None)
        if first is None:
            return
        topic = self._find(first.topic_name)
        if not await asyncio.to_thread(self._may_subscribe, caller, topic):
            message = f"The user has no permission to subscribe to {topic.name}."
            raise Refused(StatusCode.PERMISSION_DENIED, "subscription.topic.cannot.subscribe", message)
        subscription = Subscription(self._org, self._gate, caller, topic, first)
        async for response in subscription.responses(requests):
            yield response

    async def _publish_stream(
        self, caller: Caller, requests: AsyncIterator[PublishRequest]
    ) -> AsyncIterator[PublishResponse]:
        name = ""
        async for request in requests:
            if name and request.topic_name not in {"", name}:
                message = f"The topic name {request.topic_name} doesn't match that of the first request."
                raise invalid("publish.topic.mismatch", message)
            name = name or request.topic_name
            request.topic_name = name
            self._gate.check(caller.token)
            yield await asyncio.to_thread(publish, self._org, caller, request)
