"""What people see of a run in the Prefect UI, in a real browser. Pictures are left in var/browser."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from deployments.prefect_server import PrefectServer
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from tests.flows.conftest import Site
from tests.flows.team import Team

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


def open_form(page: Page, address: str) -> Locator:
    """The form by which a suspended run is resumed."""
    page.goto(address)
    expect(page.get_by_text("Suspended").first).to_be_visible(timeout=60_000)
    page.locator("main button[aria-haspopup=menu]").first.click()
    page.get_by_role("menuitem", name="Resume").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_text("What preflight found")).to_be_visible(timeout=30_000)
    return form


def fill_in(page: Page, form: Locator, instance: str) -> None:
    """Name, instance and decision, as a person does."""
    form.locator("textarea").nth(0).fill("Aroha Ngata")
    form.locator("textarea").nth(1).fill(instance)
    form.get_by_label("Select Decision").click()
    page.get_by_role("option", name="start").click()


def test_a_plan_and_the_form_of_a_waiting_run_are_readable(page: Page, team: Team) -> None:
    """What preflight found stands in the form, with a tick for each thing to be vouched for."""
    team.let(events="manual")
    rule = {"object": "Account", "name": "Named", "condition": "Name = 'Nobody'", "message": "No."}
    rules = f"{team.sandbox.salesforce.url}/sandbox/validation-rules"
    httpx.post(rules, json=rule, timeout=60).raise_for_status()
    ui = f"{team.server.api_url.removesuffix('/api')}/v2/runs/flow-run"
    planned = team.run("plan", instance=team.instance)
    team.state(planned, "COMPLETED")
    page.goto(f"{ui}/{planned}")
    page.get_by_text("Artifacts", exact=True).first.click()
    expect(page.get_by_text("plan-outlook").first).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1_000)
    page.screenshot(path=PICTURES / "plan.png")
    run = team.migration()
    team.state(run, "Suspended")

    form = open_form(page, f"{ui}/{run}")
    expect(form.get_by_text("Volumes, by the plan of")).to_be_visible()
    expect(form.get_by_text("validation rules of Account").first).to_be_visible()
    fill_in(page, form, team.instance)
    expect(form.get_by_role("switch")).to_have_count(2)
    form.get_by_role("switch").first.scroll_into_view_if_needed()
    page.screenshot(path=PICTURES / "confirm.png")
