"""What became of each record that was to be written to Gentrack, and why one was not, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.claims import Obstacle
from connector.mapping.converters import TEXT
from connector.model.write_back import WriteBackOutcome
from connector.sync.gentrack_reasons import OTHERWISE, TOLD, Words
from connector.sync.gentrack_units import NOT_THERE, Unit


class Why(StrEnum):
    """Why a record can't be made in Gentrack, deleted there, or reached."""

    NOT_CREATED_THERE = "NOT_CREATED_THERE"
    NOT_DELETED_THERE = "NOT_DELETED_THERE"
    NO_PRIMARY_CONTACT = "NO_PRIMARY_CONTACT"
    PRIMARY_CONTACT_AWAITED = "PRIMARY_CONTACT_AWAITED"
    REFERRED_AWAITED = "REFERRED_AWAITED"
    SEVERAL_OF_ITS_NUMBER = "SEVERAL_OF_ITS_NUMBER"
    NUMBER_AWAITED = "NUMBER_AWAITED"
    GENTRACK_AWAY = "GENTRACK_AWAY"


_PASSING = frozenset(
    {
        Why.NO_PRIMARY_CONTACT,
        Why.PRIMARY_CONTACT_AWAITED,
        Why.REFERRED_AWAITED,
        Why.NUMBER_AWAITED,
        Why.GENTRACK_AWAY,
        Obstacle.CHANGED_MEANWHILE,
        Obstacle.CONTRADICTED,
        NOT_THERE,
    }
)
"""What another look at both sides may end."""
_WORDS: Mapping[str, Words] = {
    Why.NOT_CREATED_THERE: Words(
        "Gentrack's API makes no records of this kind.",
        "Make it in Gentrack, or leave the entity out of create_in_gentrack of the instance.",
    ),
    Why.NOT_DELETED_THERE: Words(
        "Gentrack's API deletes no records.",
        "End it in Gentrack, or let deleted_in_salesforce of the instance be flag or ignore.",
    ),
    Why.NO_PRIMARY_CONTACT: Words(
        "Gentrack makes no account without a primary customer, and this account has no contact.",
        "Give it a contact that create_in_gentrack of the instance asks for, then retry it.",
    ),
    Why.PRIMARY_CONTACT_AWAITED: Words(
        "Gentrack makes no account without a primary customer, and no contact of this one is there yet.",
        "Let create_in_gentrack of the instance ask for one of its contacts too, then retry it.",
    ),
    Why.REFERRED_AWAITED: Words(
        "A record that it refers to is not in Gentrack.", "Look for the account or the contact in Gentrack."
    ),
    Why.SEVERAL_OF_ITS_NUMBER: Words(
        "Several records in Gentrack have the number of the one that it refers to.",
        "Give them different numbers in Gentrack, or make this record there.",
    ),
    Why.NUMBER_AWAITED: Words(
        "It was made in Gentrack, which has given it no number yet.", "Look at the record in Gentrack."
    ),
    Why.GENTRACK_AWAY: Words("Gentrack did not answer.", "It is tried again by itself."),
    **TOLD,
}


@dataclass
class Told:
    """What became of one record. `passing`: it is worth trying again."""

    done: bool = True
    key: str | None = None
    gentrack_id: int | None = None
    code: str | None = None
    reason: str | None = None
    todo: str | None = None
    passing: bool = False

    def refuse(self, code: str, said: str | None = None) -> None:
        """Keep why it is not done; what may pass comes before what lasts, and the first of these counts."""
        if not self.done and (self.passing or code not in _PASSING):
            return
        words = _WORDS.get(code, Words(said or code, OTHERWISE))
        self.done, self.passing = False, code in _PASSING
        self.code, self.reason, self.todo = str(code), words.reason, words.todo

    def tell(self, unit: Unit) -> None:
        """Keep what became of values of it."""
        if unit.outcome not in (WriteBackOutcome.WRITTEN, WriteBackOutcome.UNCHANGED):
            self.refuse(unit.code or unit.outcome.value, unit.reason)


def frame_of(told: Mapping[int, Told], index: pd.Index) -> pd.DataFrame:
    """Position in the batch -> a row for each, by the batch's index."""
    positions = sorted(told)
    rows = pd.DataFrame([vars(told[position]) for position in positions], columns=list(vars(Told())))
    rows.index = index[positions]
    texts = dict.fromkeys((named.KEY, named.CODE, named.REASON, named.WHAT_TO_DO), TEXT)
    return rows.astype({**texts, named.GENTRACK_ID: "Int64", named.DONE: bool, named.PASSING: bool})
