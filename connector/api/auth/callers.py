"""Who calls: the app of the token, checked at each call against the ledger, for its own instance alone."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2, SecurityScopes

from connector.api import problem_kinds as kinds
from connector.api.auth.rates import RateLimits
from connector.api.auth.tokens import Claims, TokenRefused, Tokens
from connector.api.problems import Problem
from connector.model.api_app import ApiApp, AppScope
from connector.store.api_apps import SqlApiApps

SCOPES = {
    AppScope.READ: "See entities, jobs and synchronisations, without the values of records.",
    AppScope.READ_VALUES: "See the values that a job found and wrote: personal data.",
    AppScope.START_JOBS: "Have one record synchronised.",
    AppScope.START_MIGRATIONS: "Start an initial synchronisation.",
    AppScope.CONFIRM_MIGRATIONS: "Confirm or decline an initial synchronisation.",
}
BEARER = OAuth2(
    flows=OAuthFlows(
        clientCredentials=OAuthFlowClientCredentials(
            tokenUrl="/v1/token", scopes={scope.value: told for scope, told in SCOPES.items()}
        )
    ),
    scheme_name="app",
    description="The access token of an app: `Authorization: Bearer <token>`.",
    auto_error=False,
)
InstanceId = Annotated[
    str,
    Path(
        pattern=r"^[0-9A-Za-z-]{1,64}$",
        description="The instance: the id of its Gentrack tenant.",
        examples=["61668309"],
    ),
]


@dataclass(frozen=True)
class Caller:
    """An app that called, and what it may do by this token."""

    app: ApiApp
    scopes: frozenset[AppScope]

    @property
    def shows_values(self) -> bool:
        """Whether it is told the values of records."""
        return AppScope.READ_VALUES in self.scopes

    @property
    def name(self) -> str:
        """As it stands in the audit."""
        return f"app {self.app.id} ({self.app.name})"


class Callers:
    """A dependency of the routes below an instance: `Security(callers, scopes=[...])`."""

    def __init__(self, apps: SqlApiApps, tokens: Tokens, rates: RateLimits) -> None:
        self._apps = apps
        self._tokens = tokens
        self._rates = rates

    def __call__(
        self,
        needed: SecurityScopes,
        instance: InstanceId,
        authorization: Annotated[str | None, Depends(BEARER)],
    ) -> Caller:
        """The caller. Raises Problem where it is not known, too fast, elsewhere, or may not do this."""
        caller = self._known(authorization)
        if seconds := self._rates.wait(caller.app.id):
            raise Problem(
                kinds.RATE_LIMITED,
                f"App {caller.app.name!r} may send again in {seconds:.1f} seconds.",
                **{"Retry-After": str(max(1, round(seconds + 0.5)))},
            )
        if caller.app.instance != instance:
            raise Problem(kinds.UNKNOWN_INSTANCE, f"App {caller.app.name!r} sees no instance {instance!r}.")
        missing = sorted(set(needed.scopes) - caller.scopes)
        if missing:
            raise Problem(
                kinds.SCOPE_MISSING,
                f"The token of app {caller.app.name!r}, a {caller.app.role}, has no scope {missing[0]!r}.",
                **{"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{" ".join(missing)}"'},
            )
        return caller

    def _known(self, authorization: str | None) -> Caller:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Problem(kinds.SIGN_IN_NEEDED, "There is no bearer token.", **{"WWW-Authenticate": "Bearer"})
        try:
            claims = self._tokens.claims(token.strip())
            app = self._app(claims)
        except TokenRefused as refused:
            raise Problem(
                kinds.TOKEN_EXPIRED if refused.expired else kinds.TOKEN_REFUSED,
                f"The token was refused: {refused}.",
                **{"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{refused}"'},
            ) from None
        return Caller(app, app.scopes & claims.scopes)

    def _app(self, claims: Claims) -> ApiApp:
        app = self._apps.find(claims.app_id)
        if app is None or not app.is_active:
            raise TokenRefused("its app was revoked")
        if app.version != claims.version or app.instance != claims.instance:
            raise TokenRefused("its app has got a new secret since")
        return app
