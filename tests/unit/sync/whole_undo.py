"""The undo of a run between before-images and an org in memory, a stage at a time."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from connector.mapping.vocabulary import EntitySpec
from connector.model.describe import ChildRelationship
from connector.model.outcome import EntityCounts
from connector.model.run import Run
from connector.model.verification import Verification
from connector.sync import folders
from connector.sync.report import by_object, settle, write_refused
from connector.sync.sending import Sending
from connector.sync.undo.attached import extract_attached
from connector.sync.undo.plan import line_up_undo, plan_undo
from connector.sync.undo.records import extract_records
from connector.sync.undo.send import UndoSender
from connector.sync.undo.subject import Subject
from connector.sync.undo.verify import verify_undo
from tests.unit.sync.ledger_twin import LedgerTwin
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.people import people
from tests.unit.sync.whole_run import WholeRun

CHILDREN = {
    "Account": ("Contact.AccountId", "AccountContactRelation.AccountId", "Opportunity.AccountId"),
    "Contact": ("AccountContactRelation.ContactId",),
}
ENDED = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
"""When the undone run ended."""


class WholeUndo:
    """The stages of one undo; a test does harm between them."""

    def __init__(self, whole: WholeRun, *, name: str = "undo-1", later: tuple[str, ...] = ()) -> None:
        run = Run(name, whole.run.instance, "undo", datetime(2026, 11, 25, 20, 0, tzinfo=UTC))
        self.subject = Subject(run, whole.run, ENDED, later, people(), whole.workspace)
        self.org: OrgTwin = whole.org
        self.ledger = LedgerTwin(whole.org.told)
        for sobject, children in CHILDREN.items():
            described = self.org.described[sobject]
            found = (ChildRelationship(*child.split(".")) for child in children)
            self.org.described[sobject] = replace(described, children=tuple(found))

    def plan(self) -> None:
        """Read what is concerned and decide on everything."""
        for spec in people():
            folder = folders.salesforce(self.subject.run, spec.name)
            extract_records(self.subject, spec, self.org, folder=folder)
            extract_attached(self.subject, spec, self.org)
        for spec in people()[::-1]:
            plan_undo(self.subject, spec, user_id=self.org.user_id())

    def send(self, before: Callable[[EntitySpec], None] = lambda spec: None) -> None:
        """Undo everything, children first."""
        for spec in people()[::-1]:
            before(spec)
            for batch in line_up_undo(self.subject, spec):
                self.sender(spec).send(batch)

    def sender(self, spec: EntitySpec) -> UndoSender:
        staging = self.subject.workspace.staging
        again = Sending(1, lambda seconds: None)
        return UndoSender(self.subject.run, spec, self.org, self.ledger, staging, again)

    def verify(self) -> dict[str, Verification]:
        return {spec.name: verify_undo(self.subject, spec, self.org) for spec in people()}

    def all(self) -> dict[str, EntityCounts]:
        """Every stage; the counts by entity."""
        self.plan()
        self.send()
        self.verify()
        return self.settle()

    def settle(self) -> dict[str, EntityCounts]:
        return settle(self.subject.run, people(), self.subject.workspace)

    def errors(self, folder: Path) -> list[dict[str, str]]:
        """The rows of errors.csv."""
        counts = by_object(people(), self.settle())
        write_refused(self.subject.run, people(), counts, self.subject.workspace, folder)
        with (folder / "errors.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
