"""What ongoing synchronisation needs from the outside, as protocols filled in `connector.bootstrap`."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from connector.model.agreement import Agreement


class Agreements(Protocol):
    """What was last agreed of each record; ids and hashes only. Every method may be repeated."""

    def of_keys(self, instance: str, entity: str, keys: Collection[str]) -> list[Agreement]:
        """Those of these external ids, letter case aside; in no order, and none for who has none."""

    def of_salesforce_ids(self, instance: str, entity: str, ids: Collection[str]) -> list[Agreement]:
        """Those of these Salesforce ids (18 characters); a record of several pairs comes several times."""

    def of_gentrack_ids(self, instance: str, entity: str, ids: Collection[int]) -> list[Agreement]:
        """Those of these records of the entity's first resource; one of several pairs comes several times."""

    def keep(self, instance: str, entity: str, rows: Sequence[Agreement]) -> None:
        """Let these stand from now on, all or none; of several for one external id the last counts."""

    def forget(self, instance: str, entity: str, keys: Collection[str]) -> None:
        """Remove those of these external ids, letter case aside."""


class WritersLocks(Protocol):
    """One writer a record, among all processes that share the ledger."""

    def writing(
        self, instance: str, entity: str, keys: Collection[str]
    ) -> AbstractContextManager[frozenset[str]]:
        """Those of the external ids that are this writer's until the context ends; nobody is waited for.

        The others are being written by somebody else. Letter case aside: of two that are the same, both come.
        """


class HeldLock(Protocol):
    """A lock that its holder has to look after: it is gone with the connection that holds it."""

    def check(self) -> None:
        """Raises LeaseLost where it is not held any more, so that its holder must not write."""


class LivingLock(Protocol):
    """One living run an instance."""

    def living(self, instance: str) -> AbstractContextManager[HeldLock | None]:
        """The lock of an instance until the context ends; None where another run of it lives."""
