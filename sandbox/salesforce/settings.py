"""What can be changed about a running org: how slow, how full, how far off its clock, how it guards
itself.
"""

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field

from sandbox.salesforce.streaming.bus import RETENTION_SECONDS


class Latency(BaseModel):
    """How long a real org takes over bulk jobs."""

    model_config = ConfigDict(extra="forbid")

    queue_seconds: float = Field(0.0, ge=0, description="Time between closing a job and its first batch.")
    rows_per_second: float = Field(
        5500.0,
        gt=0,
        description="Ceiling of all jobs together; 5,500 is the best that Salesforce has published.",
    )
    request_seconds: float = Field(0.0, ge=0, description="Time that every request takes at least.")


class Settings(BaseModel):
    """All switches; what a change leaves out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    latency: Latency | None = Field(None, description="Latency model; off by default.")
    commit_delay_seconds: float = Field(
        0.0, ge=0, description="Time between the SystemModstamp of a record and its becoming visible."
    )
    clock_skew_seconds: float = Field(0.0, description="How far the org's clock is ahead of the machine's.")
    lock_contention: bool = Field(
        default=False,
        description="Whether jobs that run side by side and touch the same parent get UNABLE_TO_LOCK_ROW.",
    )
    limits: dict[str, int] = Field(
        default_factory=dict, description="Other maxima than the usual ones, by name."
    )
    pubsub: bool = Field(default=True, description="Whether the Pub/Sub API answers.")
    keepalive_seconds: float = Field(
        270.0, gt=0, description="Longest silence of a subscription before it sends an empty answer."
    )
    event_retention_seconds: float = Field(
        RETENTION_SECONDS, gt=0, description="How long events can be replayed: 72 hours."
    )
    production: bool = Field(
        default=True,
        description="Whether the Tooling API refuses to change triggers, as a production org does.",
    )


class Switchboard:
    """The settings in force."""

    def __init__(self) -> None:
        self.current = Settings.model_validate({})
        self._followers: list[Callable[[Settings], None]] = []

    def follow(self, follower: Callable[[Settings], None]) -> None:
        """Has something called after each change, in the thread that changes."""
        self._followers.append(follower)

    def change(self, changes: dict[str, object]) -> Settings:
        """Puts changes into force.

        Raises:
            pydantic.ValidationError: a name or a value that isn't one.
        """
        self.current = Settings.model_validate(self.current.model_dump() | changes)
        for follower in self._followers:
            follower(self.current)
        return self.current
