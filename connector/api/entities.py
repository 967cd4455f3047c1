"""What is synchronised on an instance, and in which directions: what a sync job may name."""

from typing import Annotated

from fastapi import APIRouter, Security
from pydantic import Field

from connector.api.auth.callers import Caller, Callers, InstanceId
from connector.api.instances import Instances
from connector.api.refusals import guarded
from connector.api.shape import Shape
from connector.mapping.agreement.directions import directions_of
from connector.mapping.agreement.terms import Direction
from connector.mapping.vocabulary import EntitySpec, Master
from connector.model.api_app import AppScope


class SynchronisedField(Shape):
    """A field of an entity."""

    name: str = Field(description="API name in Salesforce.", examples=["Phone"])
    master: Master = Field(description="The system whose value counts.")


class SynchronisedEntity(Shape):
    """A kind of record that is synchronised."""

    entity_type: str = Field(description="Its name here.", examples=["account"])
    salesforce_object: str = Field(examples=["Account"])
    external_id: str = Field(description="What its records are found by.", examples=["number"])
    parents: list[str] = Field(
        description="Entities that are synchronised before it.", examples=[["account"]]
    )
    directions: list[Direction] = Field(description="Those that a sync job may name.")
    fields: list[SynchronisedField]


class SynchronisedEntities(Shape):
    """All of them, parents before children."""

    entities: list[SynchronisedEntity]


def entities(instances: Instances, callers: Callers) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["entities"])

    @router.get(
        "/v1/salesforce/instances/{instance}/entities",
        summary="What is synchronised, and in which directions",
        responses=guarded(),
    )
    def list_entities(
        instance: InstanceId, _caller: Annotated[Caller, Security(callers, scopes=[AppScope.READ.value])]
    ) -> SynchronisedEntities:
        found = instances.connection(instance).entities
        return SynchronisedEntities(entities=[_told(spec) for spec in found])

    return router


def _told(spec: EntitySpec) -> SynchronisedEntity:
    return SynchronisedEntity(
        entity_type=spec.name,
        salesforce_object=spec.salesforce_object,
        external_id=" : ".join(spec.key),
        parents=list(dict.fromkeys(parent.entity for parent in spec.parents)),
        directions=list(directions_of(spec)),
        fields=[SynchronisedField(name=field.api_name, master=field.master) for field in spec.fields],
    )
