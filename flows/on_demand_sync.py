"""On-demand synchronisation: one record, now, and what came of it field by field."""

from enum import StrEnum
from typing import Annotated

from prefect import flow
from prefect.states import State
from pydantic import Field

from connector.mapping.agreement.terms import Direction
from tasks.on_demand import begin, carry_out, conclude


class Way(StrEnum):
    """From where to where values go."""

    TO_SALESFORCE = "Gentrack to Salesforce"
    TO_GENTRACK = "Salesforce to Gentrack"


class EntityType(StrEnum):
    """What kind of record it is, in words."""

    ACCOUNT = "account"
    CONTACT = "contact (customer)"
    ACCOUNT_CONTACT_RELATION = "relation of an account and a contact"
    PRODUCT = "product"
    PRICEBOOK_ENTRY = "price book entry"
    SERVICE_POINT = "service point"
    CONTRACT = "contract (agreement)"
    ORDER = "order"
    ORDER_ITEM = "order product (order line)"


RecordId = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,255}$")]


@flow(
    name="on-demand-sync",
    flow_run_name="{instance} {entity_type} {entity_id}",
    description=__doc__,
    validate_parameters=True,
)
def on_demand_sync(
    instance: str,
    direction: Way,
    entity_type: EntityType,
    entity_id: RecordId,
    also: list[RecordId] | None = None,
) -> State:
    """Synchronise one record.

    Args:
        instance: The tenant's id: the name of its file in instances/, without .toml.
        direction: From where to where. Only the second is written; the master of each field still decides.
        entity_type: What kind of record it is.
        entity_id: Its number in Gentrack (the External ID in Salesforce), or its Salesforce id.
        also: More records of the same kind. Empty: none.
    """
    jobs = begin(instance, Direction[direction.name], entity_type.name.lower(), [entity_id, *(also or [])])
    carry_out(jobs)
    return conclude(jobs)
