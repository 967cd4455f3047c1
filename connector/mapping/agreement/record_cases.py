"""Every case of a record, present or gone on either side: what is done with it as a whole, and why."""

from enum import Enum, StrEnum

from connector.mapping.agreement.terms import Direction
from connector.model.outcome import RowOutcome


class Presence(StrEnum):
    """What a side says of a record.

    Only an answer that it isn't there makes it absent: Gentrack's 404, Salesforce's IsDeleted or getDeleted.
    A query that finds nothing is no answer for a linked record: the user may just not see it any more.
    """

    PRESENT = "present"
    ABSENT = "absent"
    NO_ANSWER = "no answer"


class Standing(StrEnum):
    """How a pair stands in the ledger."""

    NEW = "new"
    """The ledger doesn't know it."""
    LINKED = "linked"
    ENDED = "ended"
    """One side deleted it and that was dealt with: what is left on the other side is not synchronised."""


class Action(StrEnum):
    """What is done with a record."""

    NOTHING = "nothing"
    WRITE = "write the fields that differ"
    LINK = "link, and write the external id to Salesforce"
    RESTORE_KEY = "restore the external id in Salesforce"
    UNFLAG = "link again, and take the flag off in Salesforce"
    RELINK = "link with another Salesforce record"
    CREATE_IN_SALESFORCE = "create in Salesforce"
    CREATE_IN_GENTRACK = "create in Gentrack"
    REPLACE = "end the record in Salesforce and create it anew"
    FLAG = "flag in Salesforce"
    REPORT = "report"
    DELETE_IN_SALESFORCE = "delete in Salesforce"
    DELETE_IN_GENTRACK = "delete in Gentrack"
    FORGET = "forget the link"
    REVIEW = "review"


FIELDS_TOO = (Action.WRITE, Action.LINK, Action.RESTORE_KEY, Action.UNFLAG)
"""Actions with which the fields that differ are written as well."""
NEW_IN_SALESFORCE = (Action.CREATE_IN_SALESFORCE, Action.REPLACE)
"""Actions by which a new record in Salesforce gets every field."""

_UNCHANGED, _UPDATED, _CREATED = RowOutcome.UNCHANGED, RowOutcome.UPDATED, RowOutcome.CREATED
_HELD, _REJECTED = RowOutcome.HELD, RowOutcome.REJECTED
_SALESFORCE, _GENTRACK = Direction.TO_SALESFORCE, Direction.TO_GENTRACK


class RecordCase(Enum):
    """A case: its action, its outcome (None is *out of scope*), the direction it needs, and why in words.

    Where the fields are written too, the outcome is that of the fields.
    """

    NO_ANSWER = (Action.NOTHING, RowOutcome.FAILED, None, "a side did not answer, which is no deletion")
    DUPLICATE_KEY = (Action.NOTHING, _REJECTED, None, "several records in Gentrack share its external id")
    SEVERAL_CARRY_KEY = (Action.REVIEW, _HELD, None, "several Salesforce records carry its external id")
    MERGED_WITH_LINKED = (Action.REVIEW, _HELD, None, "two linked Salesforce records were merged")
    MERGED = (
        Action.RELINK,
        _UPDATED,
        _SALESFORCE,
        "its Salesforce record was merged into one that was not linked",
    )
    KEY_ON_ANOTHER = (
        Action.REVIEW,
        _HELD,
        None,
        "its external id stands on another Salesforce record than the linked one",
    )
    KEY_PASSED_ON = (
        Action.RELINK,
        _UPDATED,
        _SALESFORCE,
        "its Salesforce record is gone, and another one carries its external id",
    )
    GONE_ON_BOTH = (Action.FORGET, _UNCHANGED, None, "it is gone on both sides")
    BACK_AGAIN = (Action.UNFLAG, _UPDATED, _SALESFORCE, "it is back on the side where it was gone")
    ENDED = (Action.NOTHING, _UNCHANGED, None, "its deletion was dealt with, and it is never revived")
    DELETED_AND_EDITED = (Action.REVIEW, _HELD, None, "one side deleted it, the other one edited it")
    GONE_IGNORED = (Action.NOTHING, _UNCHANGED, None, "it is gone on one side, which the policy ignores")
    FLAGGED_ALREADY = (Action.NOTHING, _UNCHANGED, None, "it is gone in Gentrack, and flagged already")
    FLAGGED = (Action.FLAG, _UPDATED, _SALESFORCE, "it is gone in Gentrack")
    REPORTED = (Action.REPORT, _UNCHANGED, None, "it is gone in Salesforce")
    DELETED_IN_SALESFORCE = (
        Action.DELETE_IN_SALESFORCE,
        _UPDATED,
        _SALESFORCE,
        "it is gone in Gentrack, and nobody edited it in Salesforce",
    )
    DELETED_IN_GENTRACK = (
        Action.DELETE_IN_GENTRACK,
        _UPDATED,
        _GENTRACK,
        "it is gone in Salesforce, and nobody edited it in Gentrack",
    )
    REPLACED = (
        Action.REPLACE,
        _UPDATED,
        _SALESFORCE,
        "Gentrack gave it another parent, and Salesforce takes that at creation only",
    )
    KEY_CHANGED = (
        Action.RESTORE_KEY,
        _UPDATED,
        _SALESFORCE,
        "somebody changed its external id in Salesforce",
    )
    LINKED = (Action.WRITE, _UNCHANGED, None, "it is linked")
    CARRIES_ANOTHER_KEY = (
        Action.REVIEW,
        _HELD,
        None,
        "the Salesforce record that was found for it carries another external id",
    )
    FOUND_BY_KEY = (Action.WRITE, _UNCHANGED, None, "a Salesforce record carries its external id already")
    FOUND = (Action.LINK, _UPDATED, _SALESFORCE, "it is on both sides, and was not linked yet")
    KEY_NOT_USABLE = (
        Action.NOTHING,
        _REJECTED,
        None,
        "a part of its external id is empty or contains ':'",
    )
    LINK_PROPOSED = (Action.REVIEW, _HELD, None, "the other side may have it already")
    PARENT_MISSING = (Action.NOTHING, _REJECTED, None, "it names no parent, and needs one")
    PARENT_AWAITED = (Action.NOTHING, _HELD, None, "its parent is not on the other side yet")
    NEW_IN_GENTRACK = (Action.CREATE_IN_SALESFORCE, _CREATED, _SALESFORCE, "it is new in Gentrack")
    KEY_UNKNOWN = (Action.REVIEW, _HELD, None, "it carries an external id that Gentrack doesn't know")
    OUT_OF_SCOPE = (
        Action.NOTHING,
        None,
        None,
        "it is only in Salesforce, and the instance doesn't ask for it in Gentrack",
    )
    NEW_IN_SALESFORCE = (
        Action.CREATE_IN_GENTRACK,
        _CREATED,
        _GENTRACK,
        "it is new in Salesforce; its 18-character id is the client reference in Gentrack",
    )
    NOWHERE = (Action.NOTHING, _UNCHANGED, None, "neither side has it, and it was never linked")
    OTHER_DIRECTION = (
        Action.NOTHING,
        _UNCHANGED,
        None,
        "the other side is the one to write, and that was not asked",
    )

    def __init__(
        self, action: Action, outcome: RowOutcome | None, direction: Direction | None, why: str
    ) -> None:
        self.action = action
        self.outcome = outcome
        self.direction = direction
        self.why = why

    @property
    def code(self) -> int:
        """Its place among the cases: what arrays hold of it."""
        return RECORD_CASES.index(self)


RECORD_CASES = tuple(RecordCase)
ENDING = frozenset(
    {
        RecordCase.GONE_IGNORED,
        RecordCase.FLAGGED_ALREADY,
        RecordCase.FLAGGED,
        RecordCase.REPORTED,
        RecordCase.DELETED_IN_SALESFORCE,
        RecordCase.DELETED_IN_GENTRACK,
    }
)
"""Cases after which the pair has ended: what one side deleted doesn't come back from the other."""
