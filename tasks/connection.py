"""The connection of an instance, made once in a process: tasks of a run share sign-ins and pools."""

from functools import cache

from connector.bootstrap import Connection, connect


@cache
def connection(instance: str) -> Connection:
    """The connection of an instance."""
    return connect(instance)
