"""An app: another program that calls the API, for one instance, in a role."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AppScope(StrEnum):
    """What an app may do, as OAuth 2 names it."""

    READ = "sync:read"
    """Entities, jobs, and the list of synchronisations: keys, field names, counts."""
    READ_VALUES = "sync:values"
    """The values in the answer of a job: personal data."""
    START_JOBS = "sync-jobs:start"
    START_MIGRATIONS = "initial-sync:start"
    CONFIRM_MIGRATIONS = "initial-sync:confirm"


class AppRole(StrEnum):
    """What an app is for: each role may do what the one before it may, and more."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"

    @property
    def scopes(self) -> frozenset[AppScope]:
        """All that the role may do."""
        return _SCOPES[self]


_VIEWER = frozenset({AppScope.READ})
_OPERATOR = _VIEWER | {AppScope.READ_VALUES, AppScope.START_JOBS}
_SCOPES: Mapping[AppRole, frozenset[AppScope]] = {
    AppRole.VIEWER: _VIEWER,
    AppRole.OPERATOR: _OPERATOR,
    AppRole.ADMINISTRATOR: _OPERATOR | {AppScope.START_MIGRATIONS, AppScope.CONFIRM_MIGRATIONS},
}


@dataclass(frozen=True)
class ApiApp:
    """An app of one instance. Tokens are valid for the `version` that they were made for: a new secret that
    replaces the old one at once is a new version.
    """

    id: str
    name: str
    instance: str
    role: AppRole
    scopes: frozenset[AppScope]
    version: int
    created_at: datetime
    created_by: str
    rotated_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether it may call."""
        return self.revoked_at is None
