"""Initial synchronisation for automation: started, asked about, confirmed; never beside another one."""

from typing import Any

import httpx
import pytest

from connector.model.api_app import AppRole
from connector.model.audit import AuditAction
from tests.api.service import INSTANCE, Service, problem
from tests.api.twins import AWAY

START = f"/v1/salesforce/instances/{INSTANCE}/initial-sync"


@pytest.fixture
def caller(service: Service) -> dict[str, str]:
    return service.bearer(service.add_app(AppRole.ADMINISTRATOR))


def start(service: Service, caller: dict[str, str], key: str | None = None, **asked: Any) -> httpx.Response:
    headers = caller | ({"Idempotency-Key": key} if key else {})
    return service.http.post(START, json=asked, headers=headers)


def test_from_its_start_to_its_confirmation(service: Service, caller: dict[str, str]) -> None:
    answer = start(service, caller, accounts=["00000101"], rejectedShare=0.1)
    assert answer.status_code == 202
    told = answer.json()
    assert (told["status"], told["question"]["attestations"]) == (
        "waiting for confirmation",
        {"attest_events": "Events are off."},
    )
    (asked, _), run = service.migrations.started[told["id"]], answer.headers["Location"]
    assert (asked.accounts, asked.rejected_share, asked.write_back) == (("00000101",), 0.1, False)
    said = {"decision": "start", "name": "Aroha Ngata"}
    refused = service.http.post(f"{run}/confirmation", json=said, headers=caller)
    assert problem(refused) == (409, "NOT_CONFIRMED")
    said |= {"attested": ["attest_events"]}  # type: ignore[dict-item]
    taken = service.http.post(f"{run}/confirmation", json=said, headers=caller)
    assert (taken.status_code, taken.json()["status"]) == (202, "under way")
    assert service.migrations.answers[told["id"]].name.startswith("Aroha Ngata by app ")
    entry = service.ledger.audit.entries(INSTANCE)[0]
    assert (entry.action, entry.run_id) == (AuditAction.ASKED_FOR_MIGRATION, told["id"])


def test_the_same_key_starts_one_run(service: Service, caller: dict[str, str]) -> None:
    runs = {start(service, caller, key="night").json()["id"] for _ in range(2)}
    assert len(runs) == len(service.migrations.started) == 1


def test_an_instance_that_is_held_is_not_taken_again(service: Service, caller: dict[str, str]) -> None:
    service.ledger.windows.reserve(service.ledger.run_started("run-1", INSTANCE, "initial"), 60)
    answer = start(service, caller)
    assert problem(answer) == (409, "INSTANCE_IN_USE")
    assert "run-1" in answer.json()["detail"]


@pytest.mark.parametrize("asked", [{"accounts": ["1"], "sample": 3}, {"sample": 0}, {"accounts": ["\n"]}])
def test_what_is_no_request_starts_nothing(
    service: Service, caller: dict[str, str], asked: dict[str, Any]
) -> None:
    assert problem(start(service, caller, **asked)) == (422, "NOT_VALID")
    assert service.migrations.started == {}


def test_an_operator_may_not(service: Service) -> None:
    operator = service.bearer(service.add_app(AppRole.OPERATOR))
    assert problem(start(service, operator)) == (403, "SCOPE_MISSING")


def test_a_run_of_another_instance_is_not_there(service: Service, caller: dict[str, str]) -> None:
    run = start(service, caller).json()["id"]
    service.add_instance("22222222", None)
    other = service.bearer(service.add_app(AppRole.ADMINISTRATOR, "22222222"))
    theirs = START.replace(INSTANCE, "22222222")
    assert problem(service.http.get(f"{theirs}/{run}", headers=other)) == (404, "UNKNOWN_RUN")


def test_while_runs_can_t_be_started_it_says_so(service: Service, caller: dict[str, str]) -> None:
    service.migrations.away = AWAY
    assert problem(start(service, caller)) == (503, "RUNS_AWAY")
