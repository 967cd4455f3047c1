"""Which records of an entity are to be looked at: by external id, or by Salesforce id."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """`keys` are external ids, case folded; `ids` are Salesforce ids at 18 characters."""

    keys: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *, keys: Collection[str] = (), ids: Collection[str] = ()) -> "Asked":
        """With the keys folded."""
        return cls(frozenset(key.lower() for key in keys), frozenset(ids))

    def __len__(self) -> int:
        return len(self.keys) + len(self.ids)

    def __or__(self, other: "Asked") -> "Asked":
        return Asked(self.keys | other.keys, self.ids | other.ids)

    @property
    def halves(self) -> tuple["Asked", "Asked"]:
        """Two of half the size, for finding the one record that breaks."""
        names = [*((key, True) for key in sorted(self.keys)), *((one, False) for one in sorted(self.ids))]
        middle = len(names) // 2
        first, second = (
            Asked(
                frozenset(name for name, is_key in part if is_key),
                frozenset(name for name, is_key in part if not is_key),
            )
            for part in (names[:middle], names[middle:])
        )
        return first, second
