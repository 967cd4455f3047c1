"""A life that the ledger's absence ends is followed by another one, in the same run."""

import pytest

from connector.errors import LeaseLost, PersonNeeded, ServiceUnavailable
from connector.sync.ongoing.life.ledger_away import PAUSE, lived_again
from tests.unit.sync.ongoing.life.test_live import World


def test_it_lives_again_when_the_ledger_is_back() -> None:
    world = World()
    ends = iter([LeaseLost("broke"), ServiceUnavailable("away"), None])

    def live() -> str:
        if error := next(ends):
            raise error
        return "lived"

    assert lived_again(live, lambda: False, world.wait) == "lived"
    assert world.now == 2 * PAUSE


@pytest.mark.parametrize(("error", "is_time"), [(LeaseLost("broke"), True), (PersonNeeded("mend"), False)])
def test_at_its_end_and_where_a_person_is_needed_it_does_not(error: Exception, *, is_time: bool) -> None:
    world = World()

    def live() -> str:
        raise error

    with pytest.raises(type(error)):
        lived_again(live, lambda: is_time, world.wait)
    assert world.now == 0
