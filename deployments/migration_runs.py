"""Initial synchronisations that apps ask for by the API, as runs of the deployment that workers carry out."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from connector.api.migration_runs import Answer, MigrationAsked, Question, StartedRun
from connector.errors import NotConfirmed, ServiceUnavailable
from connector.model.scope import Scope
from deployments.command_line.asked import INITIAL_SYNC, initial_sync_asked
from deployments.confirming import answer, asked_by


class PrefectMigrationRuns:
    """Fills the API's port `MigrationRuns`; every call is a few requests to Prefect's server."""

    def start(self, asked: MigrationAsked, once: str | None) -> str:
        """Start a run, the same for the same key `once`; returns its id."""
        scope = Scope(tuple(asked.accounts), asked.sample)
        parameters = initial_sync_asked(
            asked.instance, scope, asked.rejected_share, write_back=asked.write_back
        )
        with _client() as client:
            try:
                deployment = client.read_deployment_by_name(parameters.deployment)
            except ObjectNotFound as unknown:
                raise ServiceUnavailable(
                    f"Prefect's server knows no deployment {parameters.deployment}."
                ) from unknown
            run = client.create_flow_run_from_deployment(
                deployment.id,
                parameters=dict(parameters.parameters),
                tags=[f"instance:{asked.instance}", "api"],
                idempotency_key=once,
            )
        return str(run.id)

    def find(self, instance: str, run_id: str) -> StartedRun | None:
        """A run of an initial synchronisation of this instance."""
        with _client() as client:
            try:
                run = client.read_flow_run(UUID(run_id))
                flow = client.read_flow(run.flow_id)
            except ObjectNotFound:
                return None
            if flow.name != INITIAL_SYNC or run.parameters.get("instance") != instance:
                return None
            state = run.state
            return StartedRun(
                run_id,
                state.name or state.type.value if state else "Pending",
                has_ended=state is not None and state.is_final(),
                question=_question(client, run_id) if state is not None and state.is_paused() else None,
            )

    def answer(self, instance: str, run_id: str, given: Answer) -> None:
        """Answer the question of a run. Raises NotConfirmed where the answer is not taken."""
        with _client() as client:
            asks = asked_by(client, run_id)
            answer(
                client,
                asks,
                name=given.name,
                instance=instance,
                starts=given.starts,
                attested=given.attested,
                write_back=given.write_back,
            )


def _question(client: SyncPrefectClient, run_id: str) -> Question | None:
    try:
        asks = asked_by(client, run_id)
    except NotConfirmed:  # it was answered in this moment
        return None
    return Question(asks.page, asks.boxes, asks.asks_to_write)


@contextmanager
def _client() -> Iterator[SyncPrefectClient]:
    try:
        with get_client(sync_client=True) as client:
            yield client
    except (httpx.HTTPError, PrefectHTTPStatusError) as away:
        raise ServiceUnavailable(f"Prefect's server does not answer: {type(away).__name__}.") from away
