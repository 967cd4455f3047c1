"""Staged sets of a few records, so that the verbs can be tested without a system."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec
from connector.model.describe import ObjectDescribe
from connector.model.run import Run
from connector.store.staging import FolderStaging
from connector.sync import folders
from connector.sync.staged_sql import Workspace
from tests.unit.sync.gentrack_staged import put_gentrack
from tests.unit.sync.sync_describe import described
from tests.unit.sync.whole_run import WholeRun

Records = Sequence[Mapping[str, Any]]


@pytest.fixture
def run() -> Run:
    return Run("run-1", "61668309", "initial", datetime(2026, 11, 24, 20, 0, tzinfo=UTC))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    spill = tmp_path / "spill"
    spill.mkdir()
    return Workspace(FolderStaging(tmp_path / "staging"), spill, "200MB", batch_rows=200)


@pytest.fixture
def stage_gentrack(run: Run, workspace: Workspace) -> Callable[..., None]:
    """Stages records of the three resources; missing ones are empty."""

    def stage(**resources: Records) -> None:
        put_gentrack(run, workspace, **resources)

    return stage


@pytest.fixture
def stage_salesforce(run: Run, workspace: Workspace) -> Callable[[EntitySpec, Records], None]:
    """Stages what Salesforce holds of an entity, in the columns of extract."""

    def stage(spec: EntitySpec, records: Records) -> None:
        names = [named.SALESFORCE_ID, named.KEY, *(named.parent_key(p.field) for p in spec.parents)]
        names += [named.salesforce(field.api_name) for field in spec.fields]
        schema = pa.schema([(name, pa.string()) for name in names])
        table = pa.Table.from_pylist([dict(record) for record in records], schema)
        workspace.staging.write(spec.name, 0, folders.salesforce(run, spec.name), table)

    return stage


@pytest.fixture
def describe() -> Callable[..., ObjectDescribe]:
    """`described`, for tests that import nothing from here."""
    return described


@pytest.fixture
def whole(run: Run, workspace: Workspace) -> WholeRun:
    return WholeRun(run, workspace)
