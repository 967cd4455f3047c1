"""Brings the ledger's tables up to date, by Alembic, one process at a time."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

_LOCK = 0x47454E54
"""An arbitrary number that only this program locks: processes that start together migrate in turn."""


def migrate(engine: Engine) -> None:
    """Run every migration that the database has not had yet."""
    config = Config()
    config.set_main_option("script_location", "connector.store:migrations")
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        try:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.commit()
