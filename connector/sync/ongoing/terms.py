"""The terms on which an entity is kept in agreement, as its instance chooses them."""

from collections.abc import Sequence

from connector.errors import SettingsInvalid
from connector.instance import Instance
from connector.mapping.agreement.terms import (
    ConflictPolicy,
    DeletionPolicy,
    Direction,
    DriftPolicy,
    Terms,
    fixed_lines,
)
from connector.mapping.vocabulary import EntitySpec
from connector.model.describe import ObjectDescribe


def terms_of(instance: Instance, spec: EntitySpec, described: ObjectDescribe) -> Terms:
    """What the instance's section `[ongoing]` and the org's describe say of an entity."""
    policies = instance.ongoing.policies_of(spec.name)
    return Terms(
        drift=DriftPolicy(policies["drift"]),
        conflict=ConflictPolicy(policies["conflict"]),
        gone_in_gentrack=DeletionPolicy(policies["deleted_in_gentrack"]),
        gone_in_salesforce=DeletionPolicy(policies["deleted_in_salesforce"]),
        directions=frozenset(map(Direction, policies["directions"])),
        fixed=fixed_lines(spec, described),
        contests=instance.ongoing.contests,
    )


def refuse_unknown_terms(entities: Sequence[EntitySpec], instance: Instance) -> None:
    """Raises SettingsInvalid where `[ongoing.entities]` names what is no entity."""
    known = {spec.name for spec in entities}
    if unknown := sorted(set(instance.ongoing.entities) - known):
        raise SettingsInvalid(
            f"ongoing.entities names what is no entity: {', '.join(unknown)}.",
            todo=f"The entities are: {', '.join(sorted(known))}.",
        )
