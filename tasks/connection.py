"""The connection of an instance, made once in a process: tasks of a run share sign-ins and pools."""

import threading

from connector.bootstrap import Connection, connect

_open: dict[str, Connection] = {}
_opening = threading.Lock()


def connection(instance: str) -> Connection:
    """The connection of an instance. Raises SettingsInvalid."""
    with _opening:
        if instance not in _open:
            _open[instance] = connect(instance)
        return _open[instance]


def close_connections() -> None:
    """Give back what was opened; the next task connects anew, with the settings of that moment."""
    with _opening:
        while _open:
            _open.popitem()[1].close()
