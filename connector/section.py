"""What every section of an instance's file has in common: a line that it doesn't know is refused."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Names and choices, read once and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
