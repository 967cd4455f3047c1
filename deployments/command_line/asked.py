"""What a command asks for: which flow, of which instance, with which parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.model.scope import Scope
from connector.model.write_back import WriteBackMode

INITIAL_SYNC, RETRY_FAILED, UNDO = "initial-sync", "retry-failed", "undo"


@dataclass(frozen=True)
class Asked:
    """A run that somebody asks for. `flow` is also the name of its deployment."""

    flow: str
    instance: str
    parameters: Mapping[str, Any]

    @property
    def deployment(self) -> str:
        """As Prefect names it."""
        return f"{self.flow}/{self.flow}"


def undo_asked(instance: str, run_id: str) -> Asked:
    """The undo of a run."""
    return Asked(UNDO, instance, {"instance": instance, "run": run_id})


def initial_sync_asked(
    instance: str, scope: Scope, rejected_share: float | None, *, write_back: bool = False
) -> Asked:
    """An initial synchronisation, of everything or of a pilot."""
    parameters = {
        "instance": instance,
        "rejected_share": rejected_share,
        "accounts": list(scope.accounts) or None,
        "sample": scope.sample,
        "write_back": WriteBackMode.WRITE.value if write_back else None,
    }
    return Asked(INITIAL_SYNC, instance, parameters)


def retry_asked(instance: str, run_id: str) -> Asked:
    """A retry of what a run left failed, rejected or held."""
    return Asked(RETRY_FAILED, instance, {"instance": instance, "run": run_id})
