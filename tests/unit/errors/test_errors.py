"""Errors say what happened and what to do about it."""

import pytest

from connector.errors import ConnectorError, PreflightFailed, RequestRefused, TooManyRequests


def test_an_error_reads_as_what_happened_and_what_to_do() -> None:
    assert str(ConnectorError("It broke.", todo="Mend it.")) == "It broke. Mend it."
    assert str(ConnectorError("It broke.")) == "It broke."


def test_what_the_other_side_said_is_kept() -> None:
    refused = RequestRefused("No.", status=400, code="INVALIDJOB")
    assert (refused.status, refused.code, refused.todo) == (400, "INVALIDJOB", "")
    assert TooManyRequests("Slow down.", retry_after=3.5).retry_after == 3.5


@pytest.mark.parametrize(
    ("reasons", "told"),
    [(["One."], "a reason not to start: One."), (["1.", "2."], "2 reasons not to start: 1. 2.")],
)
def test_preflight_tells_every_reason(reasons: list[str], told: str) -> None:
    failed = PreflightFailed(reasons)
    assert failed.reasons == tuple(reasons)
    assert str(failed) == f"Preflight found {told}"
