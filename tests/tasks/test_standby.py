"""The standby on a real Prefect server: there is one, it is put off, and it goes when it is dismissed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.states import Running, Scheduled

from deployments.prefect_server import PrefectServer
from tasks.standby import AHEAD, LONGEST_LIFE, TAG, Standby

pytestmark = pytest.mark.stack
INSTANCE = "61668309"


@pytest.fixture
def client(prefect_server: PrefectServer) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def deployment(client: SyncPrefectClient) -> UUID:
    flow = client.create_flow_from_name("ongoing-sync")
    return client.create_deployment(flow_id=flow, name=f"ongoing-sync-{uuid4().hex}")


def scheduled(client: SyncPrefectClient, deployment: UUID) -> list[FlowRun]:
    runs = client.read_flow_runs()
    return [r for r in runs if r.deployment_id == deployment and r.state and r.state.is_scheduled()]


def standby(client: SyncPrefectClient, deployment: UUID, run: UUID | None = None) -> Standby:
    return Standby(client, deployment, run or uuid4(), INSTANCE)


def test_there_is_one_and_it_is_put_off(client: SyncPrefectClient, deployment: UUID) -> None:
    ours = standby(client, deployment)
    ours.put_off(timedelta(seconds=5))
    ours.put_off()
    (known,) = scheduled(client, deployment)
    assert (known.tags, known.parameters) == ([TAG], {"instance": INSTANCE})
    assert known.next_scheduled_start_time is not None
    left = known.next_scheduled_start_time.timestamp() - datetime.now(UTC).timestamp()
    assert 10 < left <= AHEAD.total_seconds()
    ours.dismiss()
    assert not scheduled(client, deployment)


def test_a_paused_deployment_has_none(client: SyncPrefectClient, deployment: UUID) -> None:
    ours = standby(client, deployment)
    ours.put_off()
    client.pause_deployment(deployment)
    ours.put_off()
    assert not scheduled(client, deployment)


def test_who_lives_says_of_the_others_that_they_are_dead(client: SyncPrefectClient, deployment: UUID) -> None:
    runs = [
        client.create_flow_run_from_deployment(deployment, parameters={"instance": one}, state=Running())
        for one in (INSTANCE, INSTANCE, "another")
    ]
    standby(client, deployment, runs[1].id).bury_the_dead()
    states = [client.read_flow_run(run.id).state for run in runs]
    assert [state.name for state in states if state] == ["Crashed", "Running", "Running"]


def test_a_run_without_a_schedule_lives_for_an_hour_and_leaves_nobody(
    client: SyncPrefectClient, deployment: UUID
) -> None:
    ours = standby(client, deployment)
    assert abs(ours.until() - datetime.now(UTC) - LONGEST_LIFE) < timedelta(minutes=1)
    later = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=5))  # type: ignore[var-annotated]
    mine = client.create_flow_run_from_deployment(deployment, parameters={"instance": INSTANCE}, state=later)
    ours.put_off()
    ours.hand_over()
    assert [run.id for run in scheduled(client, deployment)] == [mine.id]
