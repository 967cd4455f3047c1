"""In which directions an entity is synchronised at all, whatever an instance chooses."""

from connector.mapping.agreement.terms import Direction
from connector.mapping.vocabulary import EntitySpec, Field, Master


def directions_of(spec: EntitySpec) -> tuple[Direction, ...]:
    """Every entity goes to Salesforce; to Gentrack where it has a field that another master may change there.

    Such a field has a converter back, and a place in Gentrack for each of its values.
    """
    back = any(_goes_back(spec, field) for field in spec.fields)
    return (Direction.TO_SALESFORCE, Direction.TO_GENTRACK) if back else (Direction.TO_SALESFORCE,)


def _goes_back(spec: EntitySpec, field: Field) -> bool:
    return (
        field.master is not Master.GENTRACK
        and field.converter.to_gentrack is not None
        and all(spec.source.origins_of(source) for source in field.sources)
    )
