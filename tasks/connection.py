"""The connection of an instance, made once in a process: tasks of a run share sign-ins and pools."""

import threading

from connector.bootstrap import Connection, connect, ledger_of
from connector.settings import Settings, load_settings
from connector.store.ledger import SqlLedger

_open: dict[str, Connection] = {}
_hurried: dict[str, Connection] = {}
_ledgers: list[SqlLedger] = []
_opening = threading.Lock()


def connection(instance: str) -> Connection:
    """The connection of an instance. Raises SettingsInvalid."""
    with _opening:
        if instance not in _open:
            _open[instance] = _connected(instance)
        return _open[instance]


def hurried_connection(instance: str) -> Connection:
    """The same for who waits for an answer: neither side is waited for as long. Raises SettingsInvalid."""
    with _opening:
        if instance not in _hurried:
            _hurried[instance] = _connected(instance).hurried()
        return _hurried[instance]


def ledger() -> SqlLedger:
    """The ledger of all instances. Raises SettingsInvalid."""
    with _opening:
        if not _ledgers:
            _ledgers.append(ledger_of(load_settings()))
        return _ledgers[0]


def close_connections() -> None:
    """Give back what was opened; the next task connects anew, with the settings of that moment."""
    with _opening:
        for known in (_open, _hurried):
            while known:
                known.popitem()[1].close()
        while _ledgers:
            _ledgers.pop().close()


def _connected(instance: str) -> Connection:
    return connect(instance, with_blocks(load_settings(), instance))


def with_blocks(settings: Settings, instance: str | None = None) -> Settings:
    """The settings with what stands in Prefect blocks: of an instance, or of all. Raises SettingsInvalid."""
    if settings.s3_block is not None:
        from tasks.s3_block import with_s3_block  # noqa: PLC0415 - a second to import, for those who use it

        settings = with_s3_block(settings, settings.s3_block)
    if settings.blocks or settings.email_block is not None:
        from tasks.blocks import with_secret_blocks  # noqa: PLC0415 - likewise

        settings = with_secret_blocks(settings, instance)
    return settings
