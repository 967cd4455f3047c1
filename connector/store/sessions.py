"""A transaction on the ledger, and what it means that the database is away."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session

from connector.errors import ServiceUnavailable


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One session. Raises ServiceUnavailable where the database can't be reached."""
    try:
        with Session(engine) as session:
            yield session
    except (OperationalError, InterfaceError) as lost:
        reason = str(lost.orig).strip().partition("\n")[0]
        raise ServiceUnavailable(
            f"The ledger's database can't be reached: {reason}.",
            todo="Start it, then take the run up with `connector resume`.",
        ) from lost
