"""How patient Gentrack is with an endpoint. Seven failures are public; the times are ours."""

from pydantic import BaseModel, ConfigDict, Field


class Habits(BaseModel):
    """What can be changed about deliveries while they go on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attempts: int = Field(7, ge=1, description="Attempts after which an event is given up.")
    timeout_seconds: float = Field(10.0, gt=0, description="Time for the whole of an attempt.")
    first_retry_seconds: float = Field(
        1.0, ge=0, description="Time before the second attempt; it doubles with each that follows."
    )
    longest_retry_seconds: float = Field(60.0, ge=0, description="The longest time between two attempts.")
    production: bool = Field(
        default=True,
        description="Whether the tenant is a production one: only those send emails about webhooks.",
    )

    def pause(self, attempts: int) -> float:
        """Seconds to wait after so many attempts."""
        return float(min(self.first_retry_seconds * 2 ** (attempts - 1), self.longest_retry_seconds))

    def changed(self, changes: dict[str, object]) -> "Habits":
        """The same with changes; raises ValueError for a name or a value that isn't one."""
        return Habits.model_validate(self.model_dump() | changes)
