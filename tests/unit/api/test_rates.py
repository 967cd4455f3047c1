"""Rate limits: a burst, then a steady pace; one app never slows another."""

from connector.api.auth.rates import RateLimits


def test_a_burst_is_let_through_and_then_the_pace_holds() -> None:
    now = [0.0]
    limits = RateLimits(per_minute=60, burst=3, clock=lambda: now[0])
    assert [limits.wait("a") for _ in range(4)] == [0, 0, 0, 1]
    assert limits.wait("b") == 0
    now[0] = 0.5
    assert limits.wait("a") == 0.5
    now[0] = 1.0
    assert [limits.wait("a"), limits.wait("a")] == [0, 1]
    now[0] = 1_000.0
    assert [limits.wait("a") for _ in range(4)] == [0, 0, 0, 1]
