"""One org: everything that its addresses talk to, put together in one place."""

import itertools
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sandbox.salesforce.access_log import AccessLog
from sandbox.salesforce.bulk.environment import Environment
from sandbox.salesforce.bulk.ingest import IngestService
from sandbox.salesforce.bulk.pace import Pace
from sandbox.salesforce.bulk.query import QueryJobService
from sandbox.salesforce.clock import Clock
from sandbox.salesforce.dml.engine import Dml
from sandbox.salesforce.dml.validation import ValidationRule, rules_of
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.faults import Faults
from sandbox.salesforce.identifiers import id_array
from sandbox.salesforce.limits import MAXIMA, Limits
from sandbox.salesforce.permissions import Access, permission_sets
from sandbox.salesforce.population import Population, Standing
from sandbox.salesforce.schema.load import SOURCE, load_schema
from sandbox.salesforce.sessions import ConnectedApp, Sessions
from sandbox.salesforce.settings import Settings, Switchboard
from sandbox.salesforce.setup import Setup, records_of
from sandbox.salesforce.soql.run import QueryRunner
from sandbox.salesforce.storage.database import Database
from sandbox.salesforce.streaming.bus import EventBus
from sandbox.salesforce.streaming.change_schema import event_name
from sandbox.salesforce.streaming.stream import Stream
from sandbox.salesforce.streaming.topics import Topics


@dataclass(frozen=True, slots=True)
class OrgOptions:
    """How an org is set up.

    ``folder`` takes keys and job data; ``data`` is a file that outlives the process; ``validation_rules``
    is a TOML file of the rules that the org begins with, ``setup`` one of what else stands in Setup;
    ``captured`` are objects for which Change Data Capture is switched on.
    """

    folder: Path
    seed: int = 0
    data: Path | None = None
    source: Path = SOURCE
    person_accounts: bool = False
    validation_rules: Path | None = None
    setup: Path | None = None
    captured: tuple[str, ...] = ()


class Org:
    """An org that runs until it is closed."""

    def __init__(self, options: OrgOptions) -> None:
        options.folder.mkdir(parents=True, exist_ok=True)
        self.options = options
        self.clock = Clock()
        self.random = random.Random(options.seed)  # noqa: S311 (shuffling, not secrets)
        self.schema = load_schema(options.source, person_accounts=options.person_accounts)
        self.database = Database(self.schema, options.data)
        sets = permission_sets(options.source)
        self.population = Population(self.database, self.clock)
        self.standing: Standing = self.population.settle(sets, options.source)
        self.access = Access(self.database, sets)
        self.app = ConnectedApp(options.folder)
        self.sessions = Sessions(
            self.app,
            self.clock,
            organization_id=self.standing.organization_id,
            users={
                self.standing.username: self.standing.integration_user_id,
                self.standing.administrator: self.standing.administrator_id,
            },
            run_as=self.standing.username,
        )
        self.limits = Limits(self.database)
        self.log = AccessLog(self.clock)
        self.faults = Faults(self.random)
        self.bus = EventBus(self.clock, random.Random(options.seed))  # noqa: S311
        self.topics = Topics(self.schema)
        stream = Stream(self.bus, self.topics, self.faults, self.clock)
        self.dml = Dml(self.database, self.clock, self.access.may, stream)
        self.queries = QueryRunner(self.database)
        self._job_data = tempfile.TemporaryDirectory(prefix="jobs-", dir=options.folder)
        jobs = Path(self._job_data.name)
        self._serial = itertools.count(1)
        self.switchboard = Switchboard()
        environment = Environment(
            database=self.database,
            dml=self.dml,
            access=self.access,
            clock=self.clock,
            limits=self.limits,
            random=self.random,
            new_id=self.new_id,
            folder=jobs,
            faults=self.faults,
            switchboard=self.switchboard,
            pace=Pace(self.switchboard),
        )
        self.ingest = IngestService(environment)
        self.query_jobs = QueryJobService(environment)
        self.setup = Setup(self.database, self.population)
        for record in records_of(options.setup) if options.setup else ():
            self.setup.add(record)
        for rule in rules_of(options.validation_rules) if options.validation_rules else ():
            self.add_validation_rule(rule)
        self._capture_again()
        if options.captured:
            self.capture_changes(options.captured)

    def new_id(self, prefix: str) -> str:
        """An id for something that is no record: a job, a query locator."""
        return str(id_array(prefix, "5g0", next(self._serial), 1)[0])

    def change_settings(self, changes: dict[str, object]) -> Settings:
        """Puts changes into force.

        Raises:
            pydantic.ValidationError: a name or a value that isn't one.
        """
        settings = self.switchboard.change(changes)
        self.clock.skew = timedelta(seconds=settings.clock_skew_seconds)
        self.dml.commit_delay = settings.commit_delay_seconds
        self.bus.retention_seconds = settings.event_retention_seconds
        self.limits.maxima = {**MAXIMA, **settings.limits}
        return settings

    def add_validation_rule(self, rule: ValidationRule) -> None:
        """Puts a validation rule into force; the Tooling API shows it.

        Raises:
            ApiError: the condition can't be understood.
        """
        self.dml.validation_rules.add(rule, self.clock.now())
        self.population.add(
            "ValidationRule",
            ValidationName=rule.name,
            EntityDefinitionId=self.population.definition_of(self.schema[rule.object].name),
            Active=rule.active,
            ErrorDisplayField=rule.field,
            ErrorMessage=rule.message,
        )

    def clear_validation_rules(self) -> None:
        """Drops every validation rule."""
        self.dml.validation_rules.clear()
        with self.database.transaction() as transaction:
            transaction.run("DELETE FROM ValidationRule")

    def capture_changes(self, names: Sequence[str]) -> list[str]:
        """Switches Change Data Capture on for these objects and off for all others; returns their names.

        Raises:
            ApiError: changes of one of them can't be captured.
        """
        chosen = [self.schema.get(name) for name in names]
        for name, sobject in zip(names, chosen, strict=True):
            if sobject is None or not self.topics.can_be_captured(sobject):
                raise ApiError(400, "INVALID_INPUT", f"changes of '{name}' can't be captured")
        objects = [each for each in chosen if each is not None]
        with self.database.transaction() as transaction:
            transaction.run("DELETE FROM PlatformEventChannelMember")
        for each in objects:
            self.population.add(
                "PlatformEventChannelMember",
                DeveloperName=f"ChangeEvents_{event_name(each.name)}",
                EventChannel="ChangeEvents",
                SelectedEntity=event_name(each.name),
            )
        self.topics.capture(objects)
        return self.topics.captured

    def _capture_again(self) -> None:
        """Captures what an org that is kept in a file captured before."""
        found = self.database.rows("SELECT SelectedEntity FROM PlatformEventChannelMember")
        selected = {entity for (entity,) in found}
        self.topics.capture([each for each in self.schema if event_name(each.name) in selected])

    def close(self) -> None:
        """Stops the jobs and ends the store."""
        self.ingest.close()
        self.query_jobs.close()
        self.database.close()
        self._job_data.cleanup()
