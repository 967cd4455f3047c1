"""What people see of a run in the Prefect UI, in a real browser. Pictures are left in var/browser."""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from connector.model.change import Notice, NoticeSource, Side
from connector.store.ledger import open_ledger
from deployments.prefect_server import PrefectServer
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from tests.flows.conftest import Site
from tests.flows.team import Team
from tests.gentrack_accounts import account_numbers

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


def of_run(team: Team, path: str, run: str) -> list[dict[str, Any]]:
    """The artifacts of a run, or other things that are a run's."""
    asked = {path: {"flow_run_id": {"any_": [run]}}}
    return list(httpx.post(f"{team.server.api_url}/{path}/filter", json=asked, timeout=30).json())


def shown_artifact(page: Page, team: Team, run: str) -> None:
    """Open the page of a run's artifact, once there is one."""
    deadline = time.monotonic() + 120
    while not (known := of_run(team, "artifacts", run)):
        assert time.monotonic() < deadline, "the run leaves no artifact"
        page.wait_for_timeout(500)
    page.goto(f"{team.server.api_url.removesuffix('/api')}/v2/artifacts/artifact/{known[0]['id']}")


def newest(team: Team, flow: str) -> str:
    asked = {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_DESC", "limit": 1}
    found = httpx.post(f"{team.server.api_url}/flow_runs/filter", json=asked, timeout=30).json()
    return str(found[0]["id"])


def test_a_record_is_synchronised_by_the_form_and_a_living_run_is_cancelled(page: Page, team: Team) -> None:
    """What a support person fills in and is told; how a living run stands; it ends when it is told to."""
    ui, api = team.server.api_url.removesuffix("/api"), team.server.api_url
    first, *others = account_numbers(team.sandbox)
    known = httpx.get(f"{api}/deployments/name/on-demand-sync/on-demand-sync", timeout=30).json()
    page.goto(f"{ui}/v2/deployments/deployment/{known['id']}/run")
    boxes = page.locator("main textarea")
    boxes.nth(1).fill(first, timeout=60_000)
    boxes.nth(0).fill(team.instance)
    for option in ("Gentrack to Salesforce", "account"):
        page.locator("main").get_by_text("Select", exact=True).first.click()
        page.get_by_role("option", name=option, exact=True).click()
    page.screenshot(path=PICTURES / "on-demand-form.png")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/deployments/deployment/**", timeout=30_000)
    page.wait_for_timeout(1_000)
    run = newest(team, "on-demand-sync")
    team.state(run, "COMPLETED")
    shown_artifact(page, team, run)
    expect(page.get_by_text("the record is new on this side").first).to_be_visible(timeout=30_000)
    page.screenshot(path=PICTURES / "on-demand.png")

    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"
    begun = team.connector("ongoing", "--instance", team.instance, "--once", "--begin-at", moment)
    assert begun.returncode in {0, 3}, begun.stderr
    ledger = open_ledger(team.database_url)
    notices = [Notice(Side.GENTRACK, "accounts", str(int(number))) for number in others[:20]]
    ledger.inbox.put(team.instance, notices, NoticeSource.API)
    living = team.run("ongoing-sync", instance=team.instance)
    team.state(living, "RUNNING")
    shown_artifact(page, team, living)
    expect(page.get_by_text("waiting changes").first).to_be_visible(timeout=30_000)
    page.screenshot(path=PICTURES / "ongoing.png")
    page.goto(f"{ui}/v2/runs/flow-run/{living}")
    page.locator("main button[aria-haspopup=menu]").first.click(timeout=30_000)
    page.get_by_role("menuitem", name="Cancel").click()
    page.get_by_role("dialog").or_(page.get_by_role("alertdialog")).get_by_role("button").last.click()
    ended = team.state(living, "CANCELLED")
    assert "records looked at" in ended["state"]["message"]
    with ledger.writers.living(team.instance) as lock:
        assert lock is not None, "whoever lives next has the instance at once"
    ledger.close()
