"""The problems that every route below an instance may tell, for the OpenAPI document."""

from connector.api import problem_kinds as kinds
from connector.api.openapi import Responses, problems
from connector.api.problem_kinds import Kind


def guarded(*more: Kind) -> Responses:
    """The answers of a route that an app calls by its token, with those of its own."""
    return problems(
        kinds.SIGN_IN_NEEDED,
        kinds.TOKEN_REFUSED,
        kinds.TOKEN_EXPIRED,
        kinds.SCOPE_MISSING,
        kinds.UNKNOWN_INSTANCE,
        kinds.RATE_LIMITED,
        kinds.NOT_VALID,
        kinds.LEDGER_AWAY,
        *more,
    )
