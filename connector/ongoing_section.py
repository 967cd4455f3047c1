"""The section `[ongoing]` of an instance: on which terms two systems are kept in agreement, and how busily.

What may differ by entity stands once for all of them, and again where an entity is to have it otherwise.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from connector.section import Section

Direction = Literal["gentrack-to-salesforce", "salesforce-to-gentrack"]
_Directions = Annotated[tuple[Direction, ...], Field(min_length=1)]
_Drift = Literal["restore", "report"]
_Conflict = Literal["gentrack", "salesforce", "review"]
_Deletion = Literal["ignore", "flag", "delete"]
_FieldName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?$")]
"""A field of Salesforce, or one of the record that a lookup leads to, such as RecordType.DeveloperName."""
_Values = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
_POLICIES = ("drift", "conflict", "deleted_in_gentrack", "deleted_in_salesforce", "directions")


class EntityTermsSection(Section):
    """One entity, where it is to be otherwise than the rest. A line that is left out is as for all."""

    drift: _Drift | None = Field(default=None, description="As for all entities.")
    conflict: _Conflict | None = Field(default=None, description="As for all entities.")
    deleted_in_gentrack: _Deletion | None = Field(default=None, description="As for all entities.")
    deleted_in_salesforce: _Deletion | None = Field(default=None, description="As for all entities.")
    directions: _Directions | None = Field(default=None, description="As for all entities.")
    create_in_gentrack: dict[_FieldName, _Values] | None = Field(
        default=None,
        description="Which records new in Salesforce are made in Gentrack: each field has one of its values,"
        " letter case aside. None: none is made.",
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if self.create_in_gentrack == {}:
            raise ValueError("create_in_gentrack asks for nothing; leave it out and nothing is made")
        return self


class OngoingSection(Section):
    """Ongoing synchronisation."""

    drift: _Drift = Field(
        default="restore", description="What becomes of a change on the side that is not the field's master."
    )
    conflict: _Conflict = Field(
        default="review", description="Whose value counts where both sides changed a shared field."
    )
    deleted_in_gentrack: _Deletion = Field(
        default="flag", description="What a deletion in Gentrack does in Salesforce."
    )
    deleted_in_salesforce: _Deletion = Field(
        default="flag", description="What a deletion in Salesforce does in Gentrack; flag: it is reported."
    )
    directions: _Directions = Field(
        default=("gentrack-to-salesforce", "salesforce-to-gentrack"),
        description="In which directions anything is written at all.",
    )
    contests: int = Field(
        default=3,
        ge=1,
        le=100,
        description="How often in a row a value is restored that comes back changed, before it is left.",
    )
    poll_every: float = Field(default=30.0, ge=1, le=3600, description="Seconds between two polls of a side.")
    round_size: int = Field(default=1000, ge=1, le=5000, description="Records that a round takes at most.")
    bulk_from: int = Field(
        default=2000, ge=200, description="Records of an entity from which on a round writes by Bulk API."
    )
    per_second: float = Field(default=100.0, gt=0, le=1000, description="Requests to Gentrack a second.")
    parallel: int = Field(default=8, ge=1, le=32, description="Requests to Gentrack side by side.")
    attempts: int = Field(
        default=8, ge=1, le=100, description="How often a record is tried before it is a dead letter."
    )
    backoff: float = Field(
        default=5.0, gt=0, le=3600, description="Seconds before the second attempt; each time twice as many."
    )
    backoff_limit: float = Field(
        default=900.0, gt=0, le=86_400, description="Seconds that are waited before an attempt at most."
    )
    lag_limit: float = Field(
        default=300.0, gt=0, description="Seconds that a change may wait before somebody is alerted."
    )
    dead_letter_age: float = Field(
        default=24.0, gt=0, description="Hours that a dead letter may stand before somebody is alerted."
    )
    entities: dict[str, EntityTermsSection] = Field(
        default_factory=dict, description="Entities that are to be otherwise."
    )

    def policies_of(self, entity: str) -> Mapping[str, Any]:
        """drift, conflict, deleted_in_gentrack, deleted_in_salesforce and directions of one entity."""
        own = self.entities.get(entity, EntityTermsSection())
        return {
            name: getattr(self, name) if getattr(own, name) is None else getattr(own, name)
            for name in _POLICIES
        }

    def created_in_gentrack(self, entity: str) -> Mapping[str, tuple[str, ...]] | None:
        """What records new in Salesforce must hold to be made in Gentrack; None: none is made.

        Salesforce field -> values, of which it has one, letter case aside; all the fields have to fit.
        """
        own = self.entities.get(entity)
        return None if own is None else own.create_in_gentrack
