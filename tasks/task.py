"""A task as all of ours are: nothing of it is cached, and Prefect hears no text that may quote a record.

What leaves a task stands in the log of its run, which Prefect's server keeps and its UI shows. The text of an
error of a library may hold values of a record, so it stays in the log of the process, on its machine.
"""

import functools
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import ParamSpec, TypeVar

from prefect import Task
from prefect import task as prefect_task
from prefect.cache_policies import NO_CACHE

from connector.errors import ConnectorError, NotForeseen

log = logging.getLogger(__name__)
"""Stays on the machine: Prefect is told of its own loggers and of `connector` only."""
P = ParamSpec("P")
R = TypeVar("R")


def task(name: str, run_name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a task of a function. `run_name` may name its parameters in braces."""

    def made(work: Callable[P, R]) -> Task[P, R]:
        @functools.wraps(work)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            with told_here(name):
                return work(*args, **kwargs)

        return prefect_task(name=name, task_run_name=run_name, cache_policy=NO_CACHE)(guarded)

    return made


class told_here(AbstractContextManager[None]):  # noqa: N801 - it reads as words do
    """What leaves it is an error of ours; the text of any other stays in the log of this process."""

    def __init__(self, work: str) -> None:
        self._work = work

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, ConnectorError):
            raise foreseen(error, self._work) from None


def foreseen(error: Exception, work: str) -> ConnectorError:
    """The same error where it is one of ours; of any other, one that names its kind and quotes nothing."""
    if isinstance(error, ConnectorError):
        return error
    log.error("%s failed", work, exc_info=error)
    return NotForeseen(type(error).__name__)
