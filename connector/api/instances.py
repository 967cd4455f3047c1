"""The instances that the API serves: each one's file and key are read at its first call."""

import threading

from connector.api.problems import Problem
from connector.bootstrap import Connection, connect
from connector.clients.gentrack.payload_signature import PayloadSignatures
from connector.errors import SettingsInvalid
from connector.settings import Settings
from connector.store.ledger import SqlLedger


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
                    raise Problem(
                        404,
                        "UNKNOWN_INSTANCE",
                        f"There is no usable instance {instance[:64]!r}.",
                        unknown.todo,
                    ) from unknown
            return self._connections[instance]

    def signatures(self, instance: str) -> PayloadSignatures:
        """What checks the events of an instance; a Problem (404) where it takes none."""
        section = self.connection(instance).instance.gentrack
        if section.webhook_key is None:
            raise Problem(
                404,
                "NO_EVENTS_HERE",
                f"Instance {instance} takes no events.",
                "Set gentrack.webhook_key in its file.",
            )
        with self._opening:
            if instance not in self._signatures:
                self._signatures[instance] = PayloadSignatures(section.webhook_key, section.webhook_tolerance)
            return self._signatures[instance]
