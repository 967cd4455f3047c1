"""A wrong mapping stops the run before it writes; ordinary dirt does not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from connector.errors import TooManyRejected
from connector.model.outcome import EntityCounts
from connector.model.scope import Scope
from connector.sync.rejected_share import FEWEST, check_rejected_share, too_many
from tests.unit.sync.people import people
from tests.unit.sync.sync_records import account, customer
from tests.unit.sync.whole_run import WholeRun


@pytest.mark.parametrize(
    ("read", "rejected", "stops"),
    [
        (1_000, 50, False),
        (1_000, 51, True),
        (FEWEST, FEWEST, True),
        (FEWEST, FEWEST - 1, False),
        (0, 0, False),
    ],
)
def test_the_share_counts_from_a_number_of_rows_on(read: int, rejected: int, *, stops: bool) -> None:
    assert too_many(EntityCounts(read=read, rejected=rejected), 0.05) is stops


def test_the_run_stops_and_says_how_many_of_which_entity_and_why(
    whole: WholeRun, stage_gentrack: Callable[..., None]
) -> None:
    wrong = [customer(number, email="nobody") for number in range(7, 37)]
    stage_gentrack(accounts=[account(1)], customers=[*wrong, customer(50)])
    whole.plan()
    with pytest.raises(TooManyRejected, match=r"limit of 50\.0% .*nothing was written") as stopped:
        check_rejected_share(whole.run, people(), whole.workspace, 0.5)
    assert "Contact: 30 of 31 rows (96.8%): 30 INVALID_EMAIL_ADDRESS in Email." in str(stopped.value)
    assert "Account" not in stopped.value.message
    assert "--rejected-share" in stopped.value.todo
    check_rejected_share(whole.run, people(), whole.workspace, 1.0)


def test_a_retry_is_not_judged_by_it(whole: WholeRun, stage_gentrack: Callable[..., None]) -> None:
    stage_gentrack(customers=[customer(number, email="nobody") for number in range(7, 37)])
    whole.plan()
    retry = replace(whole.run, scope=Scope(retry_of="run-0"))
    check_rejected_share(retry, people(), whole.workspace, 0.0)
