"""Publishing platform events: each event is decoded by its schema, and answered for by itself.

Source: Pub/Sub API guide, "Publish RPC Method" and "PublishStream RPC Method".
"""

from grpc import StatusCode

from eventbus.pubsub_api_pb2 import (
    Error,
    ErrorCode,
    ProducerEvent,
    PublishRequest,
    PublishResponse,
    PublishResult,
)
from sandbox.salesforce.org import Org
from sandbox.salesforce.streaming.batches import ReadyMade
from sandbox.salesforce.streaming.callers import Caller
from sandbox.salesforce.streaming.refusals import Refused, invalid, topic_not_found
from sandbox.salesforce.streaming.replay import encoded
from sandbox.salesforce.streaming.topics import Topic

_ALLOWANCE = "HourlyPublishedPlatformEvents"


def publish(org: Org, caller: Caller, request: PublishRequest) -> PublishResponse:
    """Puts the events on the bus that can be.

    Raises:
        Refused: there is no such topic, nothing to publish, or the user may not.
    """
    topic = _topic(org, caller, request)
    if topic.schema is None:
        raise topic_not_found(org.standing.organization_id, request.topic_name)
    if not request.events:
        raise invalid("publish.event.count.invalid", "A publish request needs at least one event.")
    results = [_publish_one(org, topic, event) for event in request.events]
    return PublishResponse(results=results, schema_id=topic.schema.id, rpc_id=caller.rpc_id)


def _topic(org: Org, caller: Caller, request: PublishRequest) -> Topic:
    if not request.topic_name.strip():
        raise invalid("publish.topic.validation.empty", "The topic name can't be blank.")
    topic = org.topics.find(request.topic_name)
    if topic is None:
        raise topic_not_found(org.standing.organization_id, request.topic_name)
    if not may_publish(caller, topic):
        message = f"The user has no permission to publish to {topic.name}."
        raise Refused(StatusCode.PERMISSION_DENIED, "publish.topic.cannot.publish", message)
    return topic


def may_publish(caller: Caller, topic: Topic) -> bool:
    """Whether the caller may create events of the topic; change events nobody may."""
    if topic.sobject is None or not topic.sobject.event:
        return False
    seen = caller.visible.get(topic.sobject.name)
    return seen is not None and seen.createable


def _publish_one(org: Org, topic: Topic, event: ProducerEvent) -> PublishResult:
    if topic.schema is None or event.schema_id != topic.schema.id:
        return _failed(event, "The schema ID is not that of the topic.")
    if org.limits.left(_ALLOWANCE) == 0:
        return _failed(event, "LIMIT_EXCEEDED: the hourly allocation of published events is used up.")
    try:
        payload = topic.schema.decode(event.payload)
    except ValueError as error:
        return _failed(event, str(error))
    org.limits.use(_ALLOWANCE)
    slot = org.bus.publish(ReadyMade(topic.schema.event_name, [payload]))
    return PublishResult(replay_id=encoded(slot.first), correlation_key=event.id)


def _failed(event: ProducerEvent, message: str) -> PublishResult:
    return PublishResult(error=Error(code=ErrorCode.PUBLISH, msg=message), correlation_key=event.id)
