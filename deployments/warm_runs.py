"""Sync jobs as runs of the deployment on-demand-sync, in this process: seen in the UI, without a slow start.

A run that is created Pending is taken by no worker; the process that made it runs it at once
(measured: docs/decisions/0078-sync-jobs.md).
"""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.context import SettingsContext, SyncClientContext, get_settings_context
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY
from prefect.states import Crashed, Pending

from connector.errors import ServiceUnavailable
from connector.mapping.agreement.terms import Direction
from connector.model.sync_job import SyncJob
from connector.store.sync_jobs import SqlSyncJobs
from flows.on_demand_sync import EntityType, Way, on_demand_sync

DEPLOYMENT = "on-demand-sync/on-demand-sync"
_logger = logging.getLogger(__name__)


class WarmRuns:
    """Carries jobs out, those of one instance, direction and entity in one run; safe in several threads."""

    def __init__(self, jobs: SqlSyncJobs) -> None:
        self._jobs = jobs
        self._deployment: UUID | None = None
        known = get_settings_context()
        # Heartbeats add a second to the end of a run, and say what the lease of a job says. Made once: that
        # takes as long as all the rest of a run.
        self._profile = known.profile
        self._settings = known.settings.copy_with_update(updates={PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})

    def carry_out(self, jobs: Sequence[SyncJob]) -> None:
        """Run them. Raises ServiceUnavailable where Prefect's server can't be told of the run."""
        with ExitStack() as stack:
            stack.enter_context(SettingsContext(profile=self._profile, settings=self._settings))
            client = stack.enter_context(SyncClientContext.get_or_create()).client
            try:
                self._close_lost(client, jobs)
                run = client.create_flow_run_from_deployment(
                    self._deployment_id(client),
                    parameters=_parameters(jobs),
                    state=Pending(),
                    tags=[f"instance:{jobs[0].instance}", "api"],
                )
            except (httpx.HTTPError, PrefectHTTPStatusError) as away:
                self._deployment = None
                raise ServiceUnavailable(
                    f"Prefect's server does not take the run: {type(away).__name__}.",
                    todo="It is tried again by itself; see that the server runs and knows the deployment.",
                ) from away
            self._jobs.in_run([job.id for job in jobs], str(run.id))
            run_flow(on_demand_sync, flow_run=run, parameters=run.parameters, return_type="state")

    def _deployment_id(self, client: SyncPrefectClient) -> UUID:
        if self._deployment is None:
            try:
                self._deployment = client.read_deployment_by_name(DEPLOYMENT).id
            except ObjectNotFound as unknown:
                raise ServiceUnavailable(
                    f"Prefect's server knows no deployment {DEPLOYMENT}.",
                    todo="Register it: `prefect deploy --all` in the project's folder.",
                ) from unknown
        return self._deployment

    def _close_lost(self, client: SyncPrefectClient, jobs: Sequence[SyncJob]) -> None:
        """A run whose process died before it ended would seem to be under way for ever."""
        for run_id in {job.run_id for job in jobs if job.run_id is not None}:
            try:
                run = client.read_flow_run(UUID(run_id))
            except ObjectNotFound:
                continue
            if run.state is not None and not run.state.is_final():
                _logger.warning("Run %s was lost; its jobs are taken up by another one", run_id)
                client.set_flow_run_state(
                    run.id, Crashed(message="Its process died; another run took it up."), force=True
                )


def _parameters(jobs: Sequence[SyncJob]) -> dict[str, object]:
    request = jobs[0].request
    records = [job.request.record for job in jobs]
    return {
        "instance": jobs[0].instance,
        "direction": Way[Direction(request.direction).name].value,
        "entity_type": EntityType[request.entity.upper()].value,
        "entity_id": records[0],
        "also": records[1:] or None,
    }
