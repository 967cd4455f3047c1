"""What administrators make in Setup, and no API call can: given by a file at the start, or over HTTP.

Duplicate rules, flows and workflow rules are shown, and do nothing: what preflight of a client looks for.
"""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from sandbox.salesforce.population import Population
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.storage.database import Database

OBJECTS = ("DuplicateRule", "FlowDefinitionView", "WorkflowRule", "User", "Group", "QueueSobject")
"""What may be added; users and groups stay, so that nothing is owned by nobody."""
_KEPT = ("User", "Group")
_SHARING = "EntityDefinition"


class SetupRecord(BaseModel):
    """One record of Setup. For ``EntityDefinition`` the one of ``QualifiedApiName`` is changed."""

    model_config = ConfigDict(extra="forbid")

    object: str = Field(description="API name of the object.")
    values: dict[str, str | bool] = Field(description="Values by API name.")


class _SetupFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    records: tuple[SetupRecord, ...] = ()


def records_of(file: Path) -> tuple[SetupRecord, ...]:
    """The records of a TOML file, a table ``[[records]]`` each.

    Raises:
        pydantic.ValidationError: a line that is no part of a record, or a part that is missing.
    """
    return _SetupFile.model_validate(tomllib.loads(file.read_text("utf-8"))).records


class Setup:
    """The setup of one org."""

    def __init__(self, database: Database, population: Population) -> None:
        self._database = database
        self._population = population

    def add(self, record: SetupRecord) -> str:
        """Makes a record, or changes the sharing of an object; returns its id.

        Raises:
            ValueError: an object that can't be set up here, or a field that it doesn't have.
        """
        if record.object == _SHARING:
            return self._share(record.values)
        if record.object not in OBJECTS:
            raise ValueError(f"{record.object} is none of {', '.join((*OBJECTS, _SHARING))}")
        fields = self._database.schema[record.object].fields
        if unknown := [name for name in record.values if name.lower() not in fields]:
            raise ValueError(f"{record.object} has no {', '.join(unknown)}")
        return self._population.add(record.object, **record.values)

    def clear(self) -> None:
        """Removes what was set up, but for users and groups, and gives every object its first sharing."""
        with self._database.transaction() as transaction:
            for name in OBJECTS:
                if name not in _KEPT:
                    transaction.run(f"DELETE FROM {quoted(name)}")
            transaction.run(f"UPDATE {_SHARING} SET InternalSharingModel = 'ReadWrite'")

    def _share(self, values: dict[str, str | bool]) -> str:
        name, model = values.get("QualifiedApiName"), values.get("InternalSharingModel")
        found = self._database.rows(f"SELECT Id FROM {_SHARING} WHERE QualifiedApiName = ?", [name])
        if not found or not isinstance(model, str):
            raise ValueError(f"{_SHARING} needs QualifiedApiName of an object and InternalSharingModel")
        with self._database.transaction() as transaction:
            transaction.run(
                f"UPDATE {_SHARING} SET InternalSharingModel = ? WHERE QualifiedApiName = ?", [model, name]
            )
        return str(found[0][0])
