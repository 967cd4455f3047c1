"""A whole initial synchronisation between staged Gentrack records and an org in memory, a stage at a time."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa

from connector.mapping.vocabulary import EntitySpec
from connector.model.outcome import EntityCounts
from connector.model.run import Run
from connector.model.verification import Verification
from connector.sync import folders
from connector.sync.before_images import keep_before
from connector.sync.extract import extract_salesforce
from connector.sync.finish import Finish
from connector.sync.line_up import line_up
from connector.sync.report import settle
from connector.sync.sending import Sending
from connector.sync.staged_sql import Workspace
from connector.sync.transform import transform
from connector.sync.upsert import Upsert
from connector.sync.verify import verify
from tests.unit.sync.ledger_twin import LedgerTwin
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.people import people


class WholeRun:
    """The stages of one run; a test calls as many as it needs and does harm between them."""

    def __init__(
        self, run: Run, workspace: Workspace, entities: tuple[EntitySpec, ...] | None = None
    ) -> None:
        told: list[str] = []
        self.run, self.workspace = run, workspace
        self.entities = people() if entities is None else entities
        self.org, self.ledger = OrgTwin(told), LedgerTwin(told)
        self.attempt = 0

    def copy_gentrack(self, earlier: Run) -> None:
        """Take what another run staged of Gentrack."""
        for resource in {r.name: r for spec in self.entities for r in spec.source.resources}:
            for part in self.workspace.staging.parts(folders.gentrack(earlier, resource)):
                table = self.workspace.staging.read(part.path)
                self.workspace.staging.write(
                    resource, part.number, folders.gentrack(self.run, resource), table
                )

    def plan(self) -> None:
        """Extract Salesforce and transform everything; Gentrack's records are staged already.

        A plan begins anew: the ledger knows no batch of an earlier one.
        """
        self.attempt += 1
        self.ledger.begin_anew()
        for spec in self.entities:
            folder = folders.salesforce(self.run, spec.name)
            staging = self.workspace.staging
            extract_salesforce(spec, self.org, staging, folder=folder, batch_rows=self.workspace.batch_rows)
            transform(self.run, spec, self.org.describe(spec.salesforce_object), self.workspace)

    def load(self, *specs: EntitySpec, before: Callable[[EntitySpec], None] = lambda spec: None) -> None:
        """Line up and send entities, all of them by default."""
        for spec in specs or self.entities:
            before(spec)
            described = self.org.describe(spec.salesforce_object)
            sender = Upsert(
                self.run,
                spec,
                described,
                self.org,
                self.ledger,
                self.workspace.staging,
                Sending(1, lambda seconds: None),
                {},
            )
            batches = line_up(self.run, spec, self.org, self.workspace)
            keep_before(self.run, spec, self.workspace, attempt=self.attempt)
            for batch in batches:
                sender.send(batch)
            if spec.finished_after == spec.name:
                self.finish(spec)

    def finish(self, spec: EntitySpec) -> int:
        """The finishing pass of an entity."""
        described, again = self.org.describe(spec.salesforce_object), Sending(1, lambda seconds: None)
        return Finish(self.run, spec, described, self.org, self.ledger, self.workspace, again).finish()

    def verify(self) -> dict[str, Verification]:
        """Read everything back."""
        return {spec.name: verify(self.run, spec, self.org, self.workspace) for spec in self.entities}

    def settle(self) -> dict[str, EntityCounts]:
        """What became of everything."""
        return settle(self.run, self.entities, self.workspace)

    def staged(self, folder: Callable[[Run, str], str], entity: str) -> pd.DataFrame:
        """The parts of a folder as one frame by key."""
        staging = self.workspace.staging
        parts = [staging.read(part.path) for part in staging.parts(folder(self.run, entity))]
        return pa.concat_tables(parts).to_pandas().set_index("key")

    def row(self, folder: Callable[[Run, str], str], entity: str, key: str) -> dict[str, Any]:
        """One staged row, missing values as None."""
        row = self.staged(folder, entity).loc[key].to_dict()
        return {str(name): None if pd.isna(value) else value for name, value in row.items()}
