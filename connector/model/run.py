"""A run and the names of its stages, as the UI, the email and the report use them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.model.scope import EVERYTHING, Scope

RECONCILE = "reconcile"
"""The mode of a run that compares both systems and writes to neither."""


class Stage(StrEnum):
    """The stages of an initial synchronisation in their order; undo stands in the place of upsert."""

    PREFLIGHT = "preflight"
    CONFIRM = "confirm"
    OPEN_WINDOW = "open-window"
    EXTRACT = "extract"
    LINK = "link"
    TRANSFORM = "transform"
    UPSERT = "upsert"
    UNDO = "undo"
    WRITE_BACK = "write-back"
    VERIFY = "verify"
    REPORT = "report"
    CLOSE_WINDOW = "close-window"
    NOTIFY = "notify"


@dataclass(frozen=True)
class Run:
    """One run of one instance. `id` is also the name of its folder in staging and of its report."""

    id: str
    instance: str
    mode: str
    started_at: datetime
    scope: Scope = EVERYTHING

    @property
    def is_whole(self) -> bool:
        """Whether it brings everything over that Gentrack has, so that ongoing goes on from it."""
        return self.mode == "initial" and self.scope.is_whole
