"""Notices as a batch that can be divided, and what makes two of them one."""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.model.change import Notice

Identity = tuple[str, str, str]


def identity(notice: Notice) -> Identity:
    """What a notice is about: the inbox and the dead letters know each record once by it."""
    return notice.side.value, notice.kind, notice.record_id


@dataclass(frozen=True)
class Notices:
    """Several notices."""

    each: Sequence[Notice]

    def __len__(self) -> int:
        return len(self.each)

    @property
    def halves(self) -> tuple["Notices", "Notices"]:
        """Both halves."""
        middle = len(self.each) // 2
        return Notices(self.each[:middle]), Notices(self.each[middle:])
