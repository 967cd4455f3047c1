"""The Prefect server of the stack: flows report to it, and nothing of it goes elsewhere."""

import os

import httpx
import pytest
from prefect import flow, task
from prefect.settings import get_current_settings

from deployments.prefect_server import PrefectServer


@task
def double(number: int) -> int:
    return 2 * number


@flow
def add_doubles() -> int:
    return sum(double.map([1, 2, 3]).result())


def test_a_flow_called_in_this_process_reports_to_it(prefect_server: PrefectServer) -> None:
    assert add_doubles() == 12
    runs = httpx.post(
        f"{prefect_server.api_url}/flow_runs/filter",
        json={"flows": {"name": {"any_": ["add-doubles"]}}},
        timeout=10,
    ).json()
    assert [run["state_name"] for run in runs] == ["Completed"]


def test_nothing_is_told_to_others(prefect_server: PrefectServer) -> None:
    settings = get_current_settings()
    assert settings.api.url == prefect_server.api_url
    assert settings.home == prefect_server.home
    assert not settings.server.analytics_enabled
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert "PREFECT_API_URL" in prefect_server.environment()
    said = httpx.get(f"{prefect_server.url}/ui-settings", timeout=10).json()
    assert said["api_url"] == prefect_server.api_url


def test_a_developers_own_prefect_settings_do_not_reach_the_stack(
    prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_KEY", "of somewhere else")
    assert "PREFECT_API_KEY" not in prefect_server.environment()
