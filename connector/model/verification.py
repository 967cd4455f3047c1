"""What verify found of an entity."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verification:
    """Records compared; records that are missing or differ; records that carry an unknown external id."""

    entity: str
    compared: int
    missing: int
    differing: int
    unknown: int

    @property
    def agrees(self) -> bool:
        """Whether Salesforce holds exactly what it should."""
        return not (self.missing or self.differing or self.unknown)
