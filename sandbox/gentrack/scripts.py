"""A script of faults: which strike, after how many occasions, how often; repeatable by seed."""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, Generic, Self, TypeVar


@dataclass(frozen=True, kw_only=True)
class Scripted:
    """When an entry strikes, of the occasions that it meets.

    It leaves the first `after` alone, then strikes each with the chance `share`, and `times` of them in all
    (None: no end).
    """

    after: int = 0
    times: int | None = 1
    share: float = 1.0

    @classmethod
    def checked(cls, given: Any) -> dict[str, Any]:
        """A JSON object that has no other fields than these; raises ValueError."""
        names = [field.name for field in fields(cls)]
        if not isinstance(given, dict) or given.keys() - set(names) or "kind" not in given:
            raise ValueError(f"a fault is an object of kind and any of {', '.join(sorted(names))}")
        return given

    @classmethod
    def from_json(cls, given: Any) -> Self:
        """Build from a JSON object; raises ValueError for what it doesn't know."""
        return cls(**cls.checked(given))


F = TypeVar("F", bound=Scripted)


class Script(Generic[F]):
    """The faults in force; the first that strikes decides."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311
        self._faults: dict[int, F] = {}
        self._met: dict[int, int] = {}
        self._struck: dict[int, int] = {}
        self._last = 0

    def add(self, fault: F) -> int:
        """Put a fault at the end of the script; returns its number."""
        self._last += 1
        self._met[self._last] = self._struck[self._last] = 0
        self._faults[self._last] = fault
        return self._last

    def clear(self) -> None:
        """Nothing goes wrong from now on."""
        self._faults.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """The script, with how many occasions each fault has met and struck."""
        return [
            {"id": number, **asdict(fault), "met": self._met[number], "struck": self._struck[number]}
            for number, fault in list(self._faults.items())
        ]

    def first(self, meets: Callable[[F], bool]) -> F | None:
        """The fault that strikes now, of those that meet the occasion; counts it."""
        for number, fault in list(self._faults.items()):
            if not meets(fault):
                continue
            self._met[number] += 1
            spent = fault.times is not None and self._struck[number] >= fault.times
            if spent or self._met[number] <= fault.after or self._random.random() >= fault.share:
                continue
            self._struck[number] += 1
            return fault
        return None
