"""What people see of a run in the Prefect UI, in a real browser. Pictures are left in var/browser."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from deployments.prefect_server import PrefectServer
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from tests.flows.conftest import Site

pytestmark = pytest.mark.browser
PICTURES = Path("var/browser")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@pytest.fixture
def page() -> Iterator[Page]:
    executable = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    assert executable, "Chromium is needed: make test-browser installs it"
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser.new_page(viewport={"width": 1440, "height": 1000})
        browser.close()


def test_a_run_its_outcome_and_its_artifacts_are_readable(
    page: Page,
    sandbox: Sandbox,
    make_site: Callable[..., Site],
    prefect_server: PrefectServer,
) -> None:
    site = make_site(sandbox)
    state = initial_sync(site.instance, confirmed_by="Tui", return_state=True)
    run_id = state.state_details.flow_run_id
    ui = prefect_server.api_url.removesuffix("/api")

    page.goto(f"{ui}/v2/runs/flow-run/{run_id}")
    expect(page.get_by_text("completed with errors").first).to_be_visible(timeout=30_000)
    page.wait_for_timeout(2_000)
    page.screenshot(path=PICTURES / "run.png")
    page.get_by_text("Artifacts", exact=True).first.click()
    expect(page.get_by_text("result").first).to_be_visible()
    page.wait_for_timeout(1_000)
    page.screenshot(path=PICTURES / "artifacts.png")
