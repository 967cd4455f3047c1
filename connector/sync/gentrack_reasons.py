"""Why Salesforce's value was not written to Gentrack, in words, and what to do: by the code of the reason."""

from collections.abc import Mapping
from dataclasses import dataclass

from connector.mapping.claims import Obstacle
from connector.sync.gentrack_units import NOT_KEPT, NOT_THERE


@dataclass(frozen=True)
class Words:
    """What happened, and what to do."""

    reason: str
    todo: str


TOLD: Mapping[str, Words] = {
    Obstacle.LINK_NOT_REVIEWED: Words(
        "A rule found that the two records are the same, and nobody has reviewed that.",
        "Look at the pair with `connector review list --linked`, accept it, and start a run.",
    ),
    Obstacle.ONE_WAY: Words(
        "The field has no way back to Gentrack.", "Correct it in Gentrack, if it is wrong there."
    ),
    Obstacle.NO_PLACE: Words(
        "Gentrack has no single record that holds this value.",
        "Change it in Gentrack: several roles, or who is primary, are decided there.",
    ),
    Obstacle.NOT_REPRESENTABLE: Words(
        "Gentrack can't hold this value so that it would read the same in Salesforce.",
        "Change it in Salesforce to what Gentrack can hold, or leave it.",
    ),
    Obstacle.CONTRADICTED: Words(
        "Several fields of Salesforce stand for this one value of Gentrack, and they differ.",
        "Make them equal in Salesforce: an account's name, phone and fax are those of its primary customer.",
    ),
    Obstacle.STANDS_OUTSIDE: Words(
        "Another record stands for this one value of Gentrack too, and this run is not about it.",
        "A run of everything writes it, where all of them agree.",
    ),
    Obstacle.UNIT_INCOMPLETE: Words(
        "It is written together with other fields only, and one of them can't be.",
        "See the other fields of the record in this file.",
    ),
    Obstacle.CHANGED_MEANWHILE: Words(
        "Somebody changed it in Gentrack since it was read.", "Start a run again: it reads both anew."
    ),
    NOT_THERE: Words("The record is not in Gentrack any more.", "Look for it in Gentrack."),
    NOT_KEPT: Words(
        "Gentrack took the change and holds another value.",
        "Look at the record in Gentrack: a rule of it acted.",
    ),
}
OTHERWISE = "Correct the value in Salesforce, or give the app the right to change this in Gentrack."
"""What to do where Gentrack refused a value with a code of its own."""
