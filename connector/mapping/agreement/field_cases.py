"""Every case of a field on which two linked records may differ: what is done, and why."""

from enum import Enum, StrEnum


class FieldVerdict(StrEnum):
    """What becomes of a field."""

    UNCHANGED = "unchanged"
    CREATED = "created"
    UPDATED = "updated"
    FILLED = "filled"
    DRIFT_RESTORED = "drift restored"
    DRIFT_REPORTED = "drift reported"
    CONFLICT = "conflict"
    HELD = "held"
    LEFT = "left"


class FieldCase(Enum):
    """A case: its verdict, whether a side is written, and why in words that follow the verdict."""

    EQUAL = (FieldVerdict.UNCHANGED, False, "both sides have the same value")
    CREATED = (FieldVerdict.CREATED, True, "the record is new on this side")
    MASTER_CHANGED = (FieldVerdict.UPDATED, True, "the master changed it")
    BOTH_CHANGED = (FieldVerdict.UPDATED, True, "both sides changed it, and the master counts")
    NEVER_AGREED = (FieldVerdict.UPDATED, True, "nothing was agreed before, and the master counts")
    FILLED = (FieldVerdict.FILLED, True, "it was blank when nothing had been agreed yet")
    DRIFT_RESTORED = (FieldVerdict.DRIFT_RESTORED, True, "the side that is not its master changed it")
    DRIFT_REPORTED = (
        FieldVerdict.DRIFT_REPORTED,
        False,
        "the side that is not its master changed it, and the policy is to report that",
    )
    DRIFT_RETURNS = (
        FieldVerdict.DRIFT_REPORTED,
        False,
        "it was restored again and again, and something on the other side changes it each time",
    )
    GIVEN_ELSEWHERE = (
        FieldVerdict.UPDATED,
        True,
        "another record in Salesforce stands for the same value of Gentrack, and gave it this one",
    )
    OF_ANOTHER_RECORD = (
        FieldVerdict.UPDATED,
        True,
        "Gentrack has it from another record than before, which is no change of the same value",
    )
    SHARED_CHANGED = (FieldVerdict.UPDATED, True, "one side changed what both may change")
    CONFLICT_SETTLED = (
        FieldVerdict.UPDATED,
        True,
        "both sides changed it, or nothing was agreed before: the policy says who counts",
    )
    CONFLICT = (
        FieldVerdict.CONFLICT,
        False,
        "both sides changed it, or nothing was agreed before: a person decides",
    )
    CONFLICT_RETURNS = (
        FieldVerdict.CONFLICT,
        False,
        "it was written again and again, and comes back changed each time: a person decides",
    )
    PARENT_AWAITED = (FieldVerdict.HELD, False, "its new parent is not in Salesforce yet")
    OTHER_MASTER = (FieldVerdict.LEFT, False, "the other side is master")
    OTHER_DIRECTION = (FieldVerdict.LEFT, False, "the other side is the one to write, and that was not asked")
    EMPTY_LEAVES = (FieldVerdict.LEFT, False, "an empty value of the master leaves the other side alone")
    NO_WAY_BACK = (FieldVerdict.LEFT, False, "its value can't be converted back for Gentrack")
    CREATION_ONLY = (FieldVerdict.LEFT, False, "Salesforce takes it at creation only")
    PARENT_NEVER_AGREED = (
        FieldVerdict.LEFT,
        False,
        "the sides never agreed on its parent, so nobody knows which of them moved it",
    )
    NOT_ASKED = (FieldVerdict.LEFT, False, "what is done with the record leaves its fields as they are")

    def __init__(self, verdict: FieldVerdict, writes: bool, why: str) -> None:  # noqa: FBT001
        self.verdict = verdict
        self.writes = writes
        self.why = why

    @property
    def code(self) -> int:
        """Its place among the cases: what arrays hold of it."""
        return CASES.index(self)


CASES = tuple(FieldCase)
CONTESTED = (FieldCase.DRIFT_RESTORED, FieldCase.SHARED_CHANGED, FieldCase.CONFLICT_SETTLED)
"""Writes that take a value back from the side that set it, so that both might go on for ever."""
RETURNS = (FieldCase.DRIFT_RETURNS, FieldCase.CONFLICT_RETURNS)
"""Where that was noticed, and nothing is written any more."""
