"""The scope of a run: everything, a pilot of some accounts, what an earlier run left, or its undo."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from connector.errors import SettingsInvalid

MOST_ACCOUNTS = 20_000
"""Accounts that a pilot may name: more of them don't fit into the parameters of a run (512 KiB)."""


@dataclass(frozen=True)
class Scope:
    """What a run is about. A pilot has `accounts` (their numbers) or `sample` (how many), a retry
    `retry_of`, the id of the run whose failed, rejected and held rows it tries again, an undo `undo_of`, the
    id of the run whose work it takes back; none of them stands for everything.
    """

    accounts: tuple[str, ...] = ()
    sample: int | None = None
    retry_of: str | None = None
    undo_of: str | None = None

    @property
    def earlier_run(self) -> str | None:
        """The run that this one is about; None for everything and for a pilot."""
        return self.retry_of or self.undo_of

    @property
    def is_whole(self) -> bool:
        """Whether the run is about everything."""
        return self == EVERYTHING

    @property
    def is_pilot(self) -> bool:
        """Whether it is about some accounts, with everything that hangs on them."""
        return bool(self.accounts) or self.sample is not None

    @property
    def kind(self) -> str:
        """In one word; "" for everything."""
        if self.is_pilot:
            return "pilot"
        return "retry" if self.retry_of else "undo" if self.undo_of else ""

    @property
    def told(self) -> str:
        """In words; "" for everything."""
        if self.sample is not None:
            return f"pilot of a sample of {_accounts(self.sample)}"
        if self.accounts:
            return f"pilot of {_accounts(len(self.accounts))}"
        return f"{self.kind} of run {self.earlier_run}" if self.earlier_run else ""

    @property
    def sentence(self) -> str:
        """In a sentence, for reports; "" for everything."""
        if self.is_pilot:
            return f"It was a {self.told}, with everything that hangs on them and what that needs."
        if self.retry_of:
            return f"It was a {self.told}: of the rows that it left failed, rejected or held, and no others."
        if self.undo_of:
            return (
                f"It was the {self.told}. Updated are records that were deleted or got their values back;"
                " unchanged are those that stood so already."
            )
        return ""

    @property
    def title(self) -> str:
        """What a report calls the run."""
        named = {
            "pilot": "Pilot of an initial synchronisation",
            "retry": "Retry of an initial synchronisation",
            "undo": "Undo of an initial synchronisation",
        }
        return named.get(self.kind, "Initial synchronisation")

    def as_dict(self) -> dict[str, Any]:
        """The values that are set, as JSON has them."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Scope":
        """The inverse of `as_dict`."""
        return cls(**{**values, "accounts": tuple(values.get("accounts", ()))})


EVERYTHING = Scope()


def pilot(accounts: Sequence[str] | None, sample: int | None) -> Scope:
    """The scope that an operator asks for; everything where neither is given. Raises SettingsInvalid."""
    named = tuple(sorted({number.strip() for number in accounts or ()} - {""}))
    if named and sample is not None:
        raise SettingsInvalid(
            "Both account numbers and a sample were asked for.", todo="Give one of them, or none of them."
        )
    if accounts and not named:
        raise SettingsInvalid("The list of account numbers is empty.", todo="Name accounts, or give no list.")
    if sample is not None and sample < 1:
        raise SettingsInvalid(f"A sample of {sample} accounts is none.", todo="Ask for 1 or more.")
    if len(named) > MOST_ACCOUNTS:
        raise SettingsInvalid(
            f"{len(named):,} accounts are too many for a pilot.",
            todo=f"Name at most {MOST_ACCOUNTS:,}, or synchronise everything.",
        )
    return Scope(accounts=named, sample=sample)


def _accounts(number: int) -> str:
    return f"{number:,} account" if number == 1 else f"{number:,} accounts"
