"""On demand as a run: the flow by hand and warm in the service's process; values in the ledger alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.exceptions import PrefectHTTPStatusError

from connector.entities import registry
from connector.errors import ServiceUnavailable
from connector.mapping.agreement.terms import Direction
from connector.model.sync_job import JobState, SyncJob, SyncRequest
from connector.store.ledger import SqlLedger, open_ledger
from deployments.sandbox_process import Sandbox
from deployments.warm_runs import WarmRuns
from flows.on_demand_sync import EntityType, Way, on_demand_sync
from tests.flows.conftest import Site
from tests.gentrack_accounts import account_numbers

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def own_sandbox(start_sandbox_of: Callable[[int, int], Sandbox]) -> Sandbox:
    return start_sandbox_of(60, 7)


@pytest.fixture
def site(make_site: Callable[..., Site], own_sandbox: Sandbox) -> Site:
    return make_site(own_sandbox)


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    opened = open_ledger(database_url)
    yield opened
    opened.close()


def shown(run_id: str) -> tuple[str, str]:
    """The state's message, and the text of the artifacts, of a run."""
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(run_id))
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[UUID(run_id)]))
        )
    assert run.state is not None
    return str(run.state.message), " ".join(str(artifact.data) for artifact in found)


@contextmanager
def deployed(name: str = "on-demand-sync") -> Iterator[None]:
    """The deployment, registered without the others."""
    with get_client(sync_client=True) as client:
        flow_id = client.create_flow(on_demand_sync)
        deployment = client.create_deployment(
            flow_id, name, parameter_openapi_schema=_schema(), enforce_parameter_schema=True
        )
        yield
        client.delete_deployment(deployment)


def _schema() -> dict[str, Any]:
    from prefect.utilities.callables import parameter_schema

    return parameter_schema(on_demand_sync).model_dump_for_openapi()


def accepted(ledger: SqlLedger, site: Site, *records: str) -> list[SyncJob]:
    for record in records:
        request = SyncRequest(Direction.TO_SALESFORCE.value, "account", record)
        assert ledger.sync_jobs.accept(site.instance, request, by="tests")
    return ledger.sync_jobs.take(10, timedelta(minutes=1))


def test_a_run_makes_a_job_of_its_own_and_shows_no_value(site: Site, ledger: SqlLedger) -> None:
    number = account_numbers(site.sandbox)[0]
    state = on_demand_sync(
        site.instance, Way.TO_SALESFORCE, EntityType.ACCOUNT, number, ["nobody"], return_state=True
    )
    assert state.is_completed(), state.message
    run_id = str(state.state_details.flow_run_id)
    made, missing = ledger.sync_jobs.of_run(run_id)
    assert made.result is not None
    assert (made.outcome, made.source, missing.outcome) == ("created", "ui", "rejected")
    message, page = shown(run_id)
    assert message == "2 records: 1 created, 1 rejected"
    assert f"## {number}\n\nCreated; fields written: " in page
    assert "| Name | salesforce | created | the record is new on this side |" in page
    assert "(NOT_FOUND)\n\n**What to do:** " in page
    values = [one.after for one in made.result.fields if one.after and len(one.after) > 3]
    assert values
    assert not [value for value in values if value in page]


def test_jobs_run_warm_as_runs_of_the_deployment(site: Site, ledger: SqlLedger) -> None:
    numbers = account_numbers(site.sandbox)[1:3]
    runs = WarmRuns(ledger.sync_jobs)
    with deployed():
        taken = accepted(ledger, site, *numbers)
        runs.carry_out(taken)
        done = [ledger.sync_jobs.find(site.instance, job.id) for job in taken]
        assert [job and job.outcome for job in done] == ["created", "created"]
        (run_id,) = {job.run_id for job in done if job and job.run_id}
        assert shown(run_id)[0] == "2 records: 2 created"
        runs.carry_out(accepted(ledger, site, numbers[0]))
        again = ledger.sync_jobs.page(site.instance, limit=1)[0]
        assert (again.outcome, again.summary) == ("unchanged", "Already equal.")


def test_the_form_refuses_what_is_unknown_before_a_run_starts(site: Site) -> None:
    with deployed(), get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("on-demand-sync/on-demand-sync")
        asked = {"instance": site.instance, "direction": Way.TO_SALESFORCE.value, "entity_id": "1"}
        for wrong in ({"entity_type": "invoice"}, {"entity_type": "account", "direction": "up"}, {}):
            with pytest.raises(PrefectHTTPStatusError, match="409"):
                client.create_flow_run_from_deployment(deployment.id, parameters={**asked, **wrong})


def test_without_the_deployment_jobs_wait(site: Site, ledger: SqlLedger) -> None:
    (job,) = accepted(ledger, site, "00000101")
    with pytest.raises(ServiceUnavailable, match="knows no deployment on-demand-sync"):
        WarmRuns(ledger.sync_jobs).carry_out([job])
    found = ledger.sync_jobs.find(site.instance, job.id)
    assert found is not None
    assert found.state is JobState.RUNNING


def test_every_entity_has_a_word_in_the_form() -> None:
    assert {one.name.lower() for one in EntityType} == {spec.name for spec in registry()}
    assert {one.name for one in Way} == {one.name for one in Direction}
