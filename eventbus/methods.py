"""The methods of the service ``eventbus.v1.PubSub``: what gRPC must know to call them or to serve them."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

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

SERVICE = "eventbus.v1.PubSub"

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)


@dataclass(frozen=True)
class Method(Generic[Q, A]):
    """One method, with the kinds of messages that go in and come out."""

    name: str
    request: type[Q]
    response: type[A]

    @property
    def path(self) -> str:
        """How gRPC addresses it: ``/eventbus.v1.PubSub/Subscribe``."""
        return f"/{SERVICE}/{self.name}"


GET_TOPIC = Method("GetTopic", TopicRequest, TopicInfo)
GET_SCHEMA = Method("GetSchema", SchemaRequest, SchemaInfo)
SUBSCRIBE = Method("Subscribe", FetchRequest, FetchResponse)
"""Streams both ways."""
PUBLISH = Method("Publish", PublishRequest, PublishResponse)
PUBLISH_STREAM = Method("PublishStream", PublishRequest, PublishResponse)
"""Streams both ways."""
