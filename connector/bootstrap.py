"""The composition root: settings and an instance in, the two systems, the ledger and staging out.

The only place where clients and store meet the verbs; tasks, the command line and the API receive its result.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from connector.clients.gentrack.api import connect_gentrack
from connector.clients.gentrack.calls import GentrackCalls, connect_calls
from connector.clients.gentrack.event_publishing import connect_event_publishing
from connector.clients.gentrack.exports import GentrackExports
from connector.clients.gentrack.finding import GentrackFindingApi
from connector.clients.gentrack.records import GentrackRecordsApi, connect_gentrack_records
from connector.clients.salesforce.org import Org, connect_salesforce
from connector.clients.salesforce.session import CLIENT
from connector.entities import entity, registry
from connector.errors import SettingsInvalid
from connector.instance import Instance, OwnersSection, load_instance, others_of
from connector.locations import is_s3, located
from connector.mapping.active_rules import ActiveRules
from connector.mapping.fingerprint import fingerprint
from connector.mapping.ownership import Owners, refuse_unknown_entities, with_owner
from connector.mapping.vocabulary import EntitySpec, Resource
from connector.model.org_event import TRIGGERED, TRIGGERS_CHANNEL, change_channel
from connector.model.run import Run
from connector.settings import Settings, load_settings
from connector.store.ledger import SqlLedger, open_ledger
from connector.store.staging import FolderStaging, S3Staging
from connector.sync import folders
from connector.sync.budget import Budget
from connector.sync.ongoing.gentrack.side import GentrackSide
from connector.sync.ongoing.ports import EventBus
from connector.sync.ongoing.salesforce.subscription import Listening, Subscription
from connector.sync.ongoing.terms import refuse_unknown_terms
from connector.sync.owners import resolved
from connector.sync.ports import (
    EventPublishing,
    GentrackSource,
    Mailer,
    Staging,
)
from connector.sync.preflight import LedgerView, Subject
from connector.sync.staged_sql import Workspace

_HURRY = 20
"""Seconds that a side is waited for where nothing is lost by giving up."""


@dataclass(frozen=True)
class Connection:
    """An instance with everything that a run on it needs. Nothing is opened before it is used."""

    settings: Settings
    instance: Instance

    @property
    def entities(self) -> tuple[EntitySpec, ...]:
        """What is synchronised, parents before children."""
        return registry()

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The resources of Gentrack that the entities read, each once."""
        read = (resource for spec in self.entities for resource in spec.source.resources)
        return tuple({resource.name: resource for resource in read}.values())

    def entity(self, name: str) -> EntitySpec:
        """One entity as it is loaded here: with a line for its owner, where the instance names owners.

        Raises OwnersUnknown where one of them is not in the org.
        """
        spec = entity(name)
        return spec if self.instance.owners is None else with_owner(spec, self.owners)

    @cached_property
    def owners(self) -> Owners:
        """Who owns new records, by Salesforce id; asks the org. Raises OwnersUnknown."""
        return resolved(self.instance.owners or OwnersSection(), self.salesforce)

    @cached_property
    def rules(self) -> ActiveRules:
        """By which rules records that existed before are found. Raises SettingsInvalid."""
        return ActiveRules(self.entities, self.instance.matching.off)

    @cached_property
    def fingerprint(self) -> str:
        """Of the mapping as this instance uses it."""
        return fingerprint(self.entities, self.instance.choices)

    @cached_property
    def gentrack(self) -> GentrackSource:
        """The tenant's records. Raises SettingsInvalid where what their source needs is not set."""
        section = self.instance.gentrack
        if section.source == "exports" and section.exports is not None:
            return GentrackExports(located(section.exports, self.settings.s3), self.resources)
        return connect_gentrack(self.instance, self.settings.gentrack_secrets_of(self.instance.id))

    @cached_property
    def write_back_records(self) -> GentrackRecordsApi:
        """The tenant's records one by one, at the pace of write-back. Raises SettingsInvalid."""
        return connect_gentrack_records(self._with_api, self.settings.gentrack_secrets_of(self.instance.id))

    @cached_property
    def gentrack_records(self) -> GentrackRecordsApi:
        """The same at the pace of ongoing synchronisation. Raises SettingsInvalid."""
        return GentrackRecordsApi(self.gentrack_calls, change_by=self.instance.gentrack.change_by)

    @cached_property
    def gentrack_finding(self) -> GentrackFindingApi:
        """The tenant's records by the values of a field, and those that changed. Raises SettingsInvalid."""
        return GentrackFindingApi(self.gentrack_calls, page_size=self.instance.gentrack.page_size)

    @cached_property
    def gentrack_side(self) -> GentrackSide:
        """What Gentrack says of single records now. Raises SettingsInvalid."""
        return GentrackSide(self.gentrack_finding, self.entities)

    @cached_property
    def gentrack_calls(self) -> GentrackCalls:
        """The tenant's API, at the pace of ongoing synchronisation. Raises SettingsInvalid."""
        pace, secrets = self.instance.ongoing, self.settings.gentrack_secrets_of(self.instance.id)
        return connect_calls(self._with_api, secrets, per_second=pace.per_second, parallel=pace.parallel)

    @property
    def _with_api(self) -> Instance:
        """The instance, if it has what single records are read and written by."""
        if self.instance.gentrack.url is None:
            raise SettingsInvalid(
                "Single records of Gentrack are read and written by its API.",
                todo="Set [gentrack] url of the instance.",
            )
        return self.instance

    @cached_property
    def event_publishing(self) -> EventPublishing:
        """The tenant's switch for published events, whoever is to move it."""
        return connect_event_publishing(self.instance, self.settings.gentrack_secrets_of(self.instance.id))

    @property
    def events_to_switch(self) -> EventPublishing | None:
        """The same where the connector moves it; None where a person does."""
        return self.event_publishing if self.instance.window.events == "api" else None

    @cached_property
    def salesforce(self) -> Org:
        """The org."""
        return connect_salesforce(self.instance, self.settings.secrets_of(self.instance.id).salesforce)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of the org's event bus that the instance listens to; none where it only polls."""
        section = self.instance.salesforce
        triggers = (TRIGGERS_CHANNEL,) if section.events in {"triggers", "both"} else ()
        if section.events not in {"change", "both"}:
            return triggers
        if section.event_channel is not None:
            return (*triggers, section.event_channel)
        told = TRIGGERED if triggers else ()
        return (*triggers, *(change_channel(each) for each in self._objects if each not in told))

    def subscription(self, ask_poll: Callable[[], None]) -> Subscription | None:
        """A subscription to the org's events, to be entered once; None where the instance only polls.

        `ask_poll` is called when only a poll can tell what changed. Raises SettingsInvalid.
        """
        if not self.channels:
            return None
        listening = Listening(
            instance=self.instance.id,
            channels=self.channels,
            objects=frozenset(self._objects),
            own_client=CLIENT,
        )
        return Subscription(listening, self.event_bus(), self.ledger.replays, ask_poll)

    def event_bus(self) -> EventBus:
        """The org's event bus, on a connection of its own that is to be closed. Raises SettingsInvalid."""
        from connector.clients.salesforce.event_bus import connect_event_bus  # noqa: PLC0415 - gRPC is slow

        return connect_event_bus(self.instance, self.settings.secrets_of(self.instance.id).salesforce)

    @property
    def _objects(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(spec.salesforce_object for spec in self.entities))

    @cached_property
    def budget(self) -> Budget:
        """What may be taken of the org's daily limits, by all that sends in this process."""
        return Budget(self.salesforce, self.instance.load.limits_left)

    def hurried(self) -> "Connection":
        """The same instance, neither side of which is waited for as long as a run would.

        For doctor, whose person waits, and for the report of a failed run: the org may be what failed.
        """
        load = self.instance.load
        short = load.model_copy(update={"give_up_after": min(load.give_up_after, _HURRY)})
        return replace(self, instance=self.instance.model_copy(update={"load": short}))

    @cached_property
    def ledger(self) -> SqlLedger:
        """The ledger. Raises SettingsInvalid where no database is set."""
        return ledger_of(self.settings)

    @cached_property
    def staging(self) -> Staging:
        """Where batches lie. Raises SettingsInvalid where a bucket can't be reached."""
        name = self.settings.staging_folder
        if not is_s3(name):
            return FolderStaging(Path(name))
        return S3Staging(located(name, self.settings.s3), self.settings.working_folder)

    def subject(self, mailer: Mailer | None, run_id: str | None = None) -> Subject:
        """What preflight looks at; `run_id` is the run that looks, None for who only wants to know."""
        return Subject(
            instance=self.instance,
            entities=self.entities,
            gentrack=self.gentrack,
            salesforce=self.salesforce,
            events=self.events_to_switch,
            staging=self.staging,
            reports=self.settings.reports_folder,
            mailer=mailer,
            ledger=None if self.settings.database_url is None else self._ledger_view(),
            sharing_org=others_of(self.settings.instances_folder, self.instance),
            run_id=run_id,
            channels=self.channels,
            event_bus=self.event_bus if self.channels else None,
        )

    def _ledger_view(self) -> LedgerView:
        return LedgerView(
            held=lambda: self.ledger.windows.held(None),
            past=lambda: self.ledger.history.finished_before(self.instance.id, datetime.now(UTC)),
        )

    def close(self) -> None:
        """Give back what was opened: the ledger, and the threads and connections of Gentrack's API."""
        for name in ("ledger", "write_back_records", "gentrack_side", "gentrack_finding", "gentrack_calls"):
            if name in self.__dict__:
                getattr(self, name).close()

    def report_folder(self, run: Run) -> Path:
        """Where a run's report is kept on this machine."""
        return self.settings.reports_folder / run.id

    def workspace(self, run: Run) -> Workspace:
        """Where a run's parts lie, and what SQL over them may take."""
        return Workspace(
            self.staging,
            spill=self.staging.local(folders.working(run)),
            memory_limit=self.settings.memory_limit,
            batch_rows=self.instance.load.batch_rows,
        )


def connect(instance: str, settings: Settings | None = None) -> Connection:
    """An instance by its id. Raises SettingsInvalid, naming what is wrong."""
    settings = settings or load_settings()
    connection = Connection(settings, load_instance(settings.instances_folder, instance))
    refuse_unknown_terms(connection.entities, connection.instance)
    _ = connection.rules  # names a rule that doesn't exist now, not in the middle of a run
    if connection.instance.owners:
        refuse_unknown_entities(connection.entities, connection.instance.owners.objects)
    return connection


def ledger_of(settings: Settings) -> SqlLedger:
    """The ledger of all instances. Raises SettingsInvalid where no database is set."""
    if settings.database_url is None:
        raise SettingsInvalid(
            "No database is set for the ledger.",
            todo="Set CONNECTOR_DATABASE_URL, or start through `connector`, which brings one.",
        )
    return open_ledger(settings.database_url.get_secret_value())
