"""What an undo is about: itself as a run, the run that it undoes, and the runs that came after that one."""

from dataclasses import dataclass
from datetime import datetime

from connector.mapping.vocabulary import EntitySpec
from connector.model.run import Run
from connector.sync.staged_sql import Workspace


@dataclass(frozen=True)
class Subject:
    """`later` are the ids of runs that began after the undone one, which ended at `ended`, by the connector's
    clock; `entities` are parents before children, with the fields that the undone run kept before-images of.
    """

    run: Run
    undone: Run
    ended: datetime
    later: tuple[str, ...]
    entities: tuple[EntitySpec, ...]
    workspace: Workspace

    def entity(self, name: str) -> EntitySpec:
        """One of the entities by its name."""
        return next(spec for spec in self.entities if spec.name == name)
