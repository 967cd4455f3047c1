"""The scope of a run: what may be asked for, and how it is told."""

import pytest

from connector.errors import SettingsInvalid
from connector.model.scope import EVERYTHING, MOST_ACCOUNTS, Scope, pilot


def test_nothing_asked_for_is_everything() -> None:
    assert pilot(None, None) == EVERYTHING
    assert EVERYTHING.is_whole
    assert (EVERYTHING.told, EVERYTHING.sentence, EVERYTHING.as_dict()) == ("", "", {})
    assert EVERYTHING.title == "Initial synchronisation"


def test_the_order_of_accounts_and_their_number_of_times_do_not_matter() -> None:
    assert pilot(["2", " 1 ", "2", ""], None) == Scope(accounts=("1", "2"))
    assert pilot(["2", "1"], None).told == "pilot of 2 accounts"
    assert pilot(None, 1).told == "pilot of a sample of 1 account"


@pytest.mark.parametrize(
    ("accounts", "sample", "why"),
    [
        (["1"], 5, "Both account numbers and a sample"),
        ([" "], None, "list of account numbers is empty"),
        (None, 0, "A sample of 0 accounts"),
        ([str(number) for number in range(MOST_ACCOUNTS + 1)], None, "too many for a pilot"),
    ],
)
def test_what_can_not_be_meant_is_refused(accounts: list[str] | None, sample: int | None, why: str) -> None:
    with pytest.raises(SettingsInvalid, match=why):
        pilot(accounts, sample)


@pytest.mark.parametrize("scope", [EVERYTHING, Scope(("1", "2")), Scope(sample=3), Scope(retry_of="run-0")])
def test_a_scope_is_kept_as_json(scope: Scope) -> None:
    assert Scope.of(scope.as_dict()) == scope
    assert scope.kind in {"", "pilot", "retry"}
    assert bool(scope.told) != scope.is_whole
