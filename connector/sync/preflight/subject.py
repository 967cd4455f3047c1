"""What preflight looks at: an instance, its two systems, and what a run of it stands on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from connector.errors import ConnectorError, GaveUp
from connector.instance import Instance
from connector.mapping.vocabulary import EntitySpec
from connector.model.describe import ObjectDescribe
from connector.model.history import PastRun
from connector.model.volume import Volume
from connector.model.window import Window
from connector.sync.ongoing.ports import EventBus
from connector.sync.ports import EventPublishing, GentrackSource, Mailer, SalesforceOrg, Staging
from connector.sync.preflight.volumes import counted


@dataclass(frozen=True)
class LedgerView:
    """What preflight asks the ledger for: windows that are held, of all instances, and this one's past runs.

    Both raise ServiceUnavailable where its database can't be reached.
    """

    held: Callable[[], Sequence[Window]]
    past: Callable[[], Sequence[PastRun]]


@dataclass(frozen=True)
class Subject:
    """One instance with all that a run of it needs.

    `events` is None where a person switches Gentrack's event publishing, `mailer` where no mail server is
    set, `ledger` where no database is named: then the command that runs brings its own. `sharing_org` are the
    other instances that load into the same org. `run_id` is the run that looks, None for doctor. `event_bus`
    opens Salesforce's, where the instance listens to `channels` of it.
    """

    instance: Instance
    entities: Sequence[EntitySpec]
    gentrack: GentrackSource
    salesforce: SalesforceOrg
    events: EventPublishing | None
    staging: Staging
    reports: Path
    mailer: Mailer | None = None
    ledger: LedgerView | None = None
    sharing_org: frozenset[str] = frozenset()
    run_id: str | None = None
    channels: tuple[str, ...] = ()
    event_bus: Callable[[], EventBus] | None = None

    @property
    def described(self) -> Mapping[str, ObjectDescribe]:
        """Entity -> its object, for those that the org shows."""
        return {name: told for name, told in self._told.items() if isinstance(told, ObjectDescribe)}

    @property
    def hidden(self) -> Mapping[str, ConnectorError]:
        """Entity -> why its object could not be described."""
        return {name: told for name, told in self._told.items() if isinstance(told, ConnectorError)}

    @property
    def shown(self) -> tuple[EntitySpec, ...]:
        """The entities whose object the org shows."""
        return tuple(spec for spec in self.entities if spec.name in self.described)

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects that are loaded, by API name."""
        return tuple(dict.fromkeys(spec.salesforce_object for spec in self.entities))

    @cached_property
    def past(self) -> Sequence[PastRun]:
        """Earlier runs of the instance, the newest first; none where there is no ledger."""
        return self.ledger.past() if self.ledger else ()

    @cached_property
    def volumes(self) -> Mapping[str, Volume]:
        """Entity -> how many records each side has, as far as it can be told without reading them."""
        return counted(self.entities, self.gentrack, self.salesforce, self.past)

    @property
    def known_volumes(self) -> Mapping[str, Volume]:
        """The same; none where a side doesn't tell, which is a finding of its own."""
        try:
            return self.volumes
        except GaveUp:
            raise
        except ConnectorError:
            return {}

    @cached_property
    def _told(self) -> Mapping[str, ObjectDescribe | ConnectorError]:
        return {spec.name: self._describe(spec.salesforce_object) for spec in self.entities}

    def _describe(self, sobject: str) -> ObjectDescribe | ConnectorError:
        try:
            return self.salesforce.describe(sobject)
        except GaveUp:
            raise  # the next object would be waited for as long
        except ConnectorError as error:
            return error
