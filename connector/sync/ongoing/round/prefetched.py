"""Salesforce's side of a round, read for all its entities in as few calls as they fit into."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from connector.mapping.vocabulary import EntitySpec
from connector.sync.ongoing.round.asked import Asked
from connector.sync.ongoing.round.gather import Question, question
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.round.ports import SalesforceSide
from connector.sync.ongoing.salesforce.side import Wanted


@dataclass(frozen=True)
class Prefetched:
    """Answers an entity's first question from what was read; all others are asked anew."""

    side: SalesforceSide
    answers: dict[str, tuple[Question, pd.DataFrame]]

    def records(
        self, spec: EntitySpec, *, keys: Collection[str] = (), ids: Collection[str] = ()
    ) -> pd.DataFrame:
        """As the side itself would answer. A batch that is done again is read again."""
        asked, found = self.answers.pop(spec.name, (None, None))
        if asked is None or found is None or asked.keys != set(keys) or asked.ids != set(ids):
            return self.side.records(spec, keys=keys, ids=ids)
        return found

    def gathered(self, wanted: Collection[Wanted]) -> list[pd.DataFrame]:
        """As the side itself."""
        return self.side.gathered(list(wanted))

    def keys_there(self, spec: EntitySpec, keys: Collection[str]) -> Collection[str]:
        """As the side itself."""
        return self.side.keys_there(spec, keys)


def prefetched(at: Parties, asked: Mapping[str, Asked]) -> Parties:
    """The same parties, with Salesforce's side of these records at hand. The caller holds their locks."""
    some = [(spec, question(at, spec, asked[spec.name])) for spec in at.entities if asked.get(spec.name)]
    wanted = [Wanted(spec, sorted(one.keys), sorted(one.ids)) for spec, one in some]
    found = at.salesforce.gathered(wanted) if wanted else []
    answers = {spec.name: (one, frame) for (spec, one), frame in zip(some, found, strict=True)}
    return replace(at, salesforce=Prefetched(at.salesforce, answers))
