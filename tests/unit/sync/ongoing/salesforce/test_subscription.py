"""How long a subscription waits before it tries again."""

from connector.sync.ongoing.salesforce.subscription import LONGEST_PAUSE, pause_after


def test_an_org_that_is_away_for_days_is_still_tried() -> None:
    assert all(0 <= pause_after(failures) <= LONGEST_PAUSE for failures in (1, 10, 1_100, 10**6))
