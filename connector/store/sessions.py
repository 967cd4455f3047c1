"""Connections to the ledger's database, and what it means that it is away."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session

from connector.errors import ServiceUnavailable


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One session. Raises ServiceUnavailable where the database can't be reached."""
    with _lost_is_unavailable(), Session(engine) as session:
        yield session


@contextmanager
def reached(engine: Engine) -> Iterator[Connection]:
    """A connection of the pool's. Raises ServiceUnavailable where the database can't be reached."""
    with _lost_is_unavailable(), engine.connect() as connection:
        yield connection


@contextmanager
def began(engine: Engine) -> Iterator[Connection]:
    """The same in a transaction, which is committed when the context ends without an error."""
    with _lost_is_unavailable(), engine.begin() as connection:
        yield connection


@contextmanager
def own_connection(database_url: str | URL, **options: Any) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection of the caller's own, outside of any pool and transaction, closed when the context ends.

    `database_url` is SQLAlchemy's, `options` are libpq's. Raises ServiceUnavailable.
    """
    url = make_url(database_url).set(drivername="postgresql")
    try:
        connection = psycopg.connect(url.render_as_string(hide_password=False), autocommit=True, **options)
    except psycopg.OperationalError as away:
        raise ServiceUnavailable(f"The ledger's database can't be reached: {away}".strip()) from away
    with connection:
        yield connection


@contextmanager
def _lost_is_unavailable() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, psycopg.OperationalError) as lost:
        told = lost if isinstance(lost, psycopg.OperationalError) else lost.orig
        reason = str(told).strip().partition("\n")[0]
        raise ServiceUnavailable(
            f"The ledger's database can't be reached: {reason}.",
            todo="Start it, then take the run up with `connector resume`.",
        ) from lost
