"""How many records there are of an entity before anything is read, and how that is known."""

from dataclasses import dataclass

COUNTED, REMEMBERED, UNKNOWN = "counted", "as of the last plan or run", "unknown"


@dataclass(frozen=True)
class Volume:
    """`gentrack` is None where nobody knows; `salesforce` is the org's own count, which may lag."""

    gentrack: int | None
    salesforce: int
    source: str = UNKNOWN

    @property
    def new(self) -> int:
        """How many may be created: what Gentrack has and Salesforce does not."""
        return max(0, (self.gentrack or 0) - self.salesforce)
