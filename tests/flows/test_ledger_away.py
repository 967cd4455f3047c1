"""The ledger goes away in the middle of a run: the run fails at its stage, and still tells."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.errors import ServiceUnavailable
from connector.store.ledger import open_ledger
from deployments.postgres import postgres
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack


def test_a_ledger_lost_in_upsert_fails_the_run_at_its_stage_with_report_and_email(
    start_sandbox_of: Callable[[int, int], Sandbox], make_site: Callable[..., Site], tmp_path: Path
) -> None:
    with ExitStack() as own:
        server = own.enter_context(postgres(tmp_path / "ledger"))
        server.create_database("ledger")
        site = make_site(start_sandbox_of(150, 6), CONNECTOR_DATABASE_URL=server.url("ledger"))
        began, ledger, over = datetime.now(UTC), open_ledger(server.url("ledger")), threading.Event()

        def stop_in_upsert() -> None:
            while not over.wait(0.05):
                progress = ledger.latest_progress(site.instance, began)
                if progress and progress.stage == "upsert":
                    ledger.close()
                    own.close()
                    return

        stopper = threading.Thread(target=stop_in_upsert)
        stopper.start()
        state = initial_sync(site.instance, confirmed_by="tests", return_state=True)
        over.set()
        stopper.join()
    with pytest.raises(ServiceUnavailable):
        ledger.latest_progress(site.instance, began)
    ledger.close()
    assert state.is_failed()
    assert state.message is not None
    assert state.message.startswith("failed at upsert: The ledger's database can't be reached")
    summary = site.summary(str(state.state_details.flow_run_id))
    assert (summary["outcome"], summary["stage"], summary["email"]) == ("failed", "upsert", "sent")
    assert "watchdog" in summary["window"]
