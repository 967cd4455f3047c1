"""The instances that the API serves: each one's file and key are read at its first call."""

import logging
import threading

from connector.api import problem_kinds as kinds
from connector.api.problems import Problem
from connector.bootstrap import Connection, connect
from connector.clients.gentrack.payload_signature import PayloadSignatures
from connector.errors import SettingsInvalid
from connector.settings import Settings
from connector.store.ledger import SqlLedger

_logger = logging.getLogger(__name__)


class Instances:
    """What the routes answer from; safe to share between threads."""

    def __init__(self, settings: Settings, ledger: SqlLedger) -> None:
        self.ledger = ledger
        self._settings = settings
        self._connections: dict[str, Connection] = {}
        self._signatures: dict[str, PayloadSignatures] = {}
        self._opening = threading.Lock()

    def connection(self, instance: str) -> Connection:
        """An instance by its id; a Problem (404) where there is none."""
        with self._opening:
            if instance not in self._connections:
                try:
                    self._connections[instance] = connect(instance, self._settings)
                except SettingsInvalid as unknown:
                    _logger.warning("Instance %r can't be served: %s", instance[:64], unknown)
                    raise Problem(
                        kinds.UNKNOWN_INSTANCE, f"There is no usable instance {instance[:64]!r}."
                    ) from unknown
            return self._connections[instance]

    def close(self) -> None:
        """Give back what the connections have opened."""
        with self._opening:
            while self._connections:
                self._connections.popitem()[1].close()

    def signatures(self, instance: str) -> PayloadSignatures:
        """What checks the events of an instance; a Problem (404) where it takes none."""
        section = self.connection(instance).instance.gentrack
        if section.webhook_key is None:
            raise Problem(kinds.NO_EVENTS_HERE, f"Instance {instance} has no key to know them by.")
        with self._opening:
            if instance not in self._signatures:
                self._signatures[instance] = PayloadSignatures(section.webhook_key, section.webhook_tolerance)
            return self._signatures[instance]
