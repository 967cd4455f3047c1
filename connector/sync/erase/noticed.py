"""Under which names a person's records stand among dead letters, whose reasons may quote them.

Both sides are asked as well: a record that was never linked stands in no agreement.
"""

from collections.abc import Collection, Iterator
from typing import Protocol

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec
from connector.model.agreement import Agreement
from connector.model.change import Notice, Side


class Pairs(Protocol):
    """What was last agreed on."""

    def of_keys(self, instance: str, entity: str, keys: Collection[str]) -> list[Agreement]:
        """Of these external ids, letter case aside."""


class InGentrack(Protocol):
    """Gentrack's records."""

    def records(self, spec: EntitySpec, keys: Collection[str]) -> pd.DataFrame:
        """A row for each that has one of these external ids: gentrack_id."""


class InSalesforce(Protocol):
    """Salesforce's records, deleted ones too."""

    def records(
        self, spec: EntitySpec, *, keys: Collection[str] = (), ids: Collection[str] = ()
    ) -> pd.DataFrame:
        """A row for each that has one of these external ids, or one of these ids: salesforce_id."""


def notices_of(
    instance: str,
    spec: EntitySpec,
    keys: Collection[str],
    *,
    pairs: Pairs,
    gentrack: InGentrack | None,
    salesforce: InSalesforce,
) -> Iterator[Notice]:
    """The notices of an entity's records with these external ids; `gentrack` is None where it has no API.

    Raises what the clients raise.
    """
    known = pairs.of_keys(instance, spec.name, keys)
    numbers = {pair.gentrack_id for pair in known}
    ids = {pair.salesforce_id for pair in known}
    if keys:
        ids |= set(salesforce.records(spec, keys=keys)[named.SALESFORCE_ID].dropna())
        if gentrack is not None:
            numbers |= set(gentrack.records(spec, keys)[named.GENTRACK_ID].dropna())
    for number in numbers - {None}:
        yield Notice(Side.GENTRACK, spec.source.resources[0].name, str(number))
    for one in ids - {None}:
        yield Notice(Side.SALESFORCE, spec.salesforce_object, str(one))
