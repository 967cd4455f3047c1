"""Sync jobs: kept before they are answered, carried out once, told field by field, and never lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from connector.mapping.agreement.terms import Direction
from connector.model.api_app import AppRole
from connector.model.audit import AuditAction
from connector.model.run import Run
from connector.model.signing_key import SigningKey
from connector.model.window import ClosedBy, TriggerSwitch
from connector.settings import ApiSettings
from connector.sync.on_demand import runner
from tests.api.conftest import serving
from tests.api.service import INSTANCE, SOON, Service, problem, until
from tests.api.twins import AWAY, EQUAL, SECRET_VALUE, UPDATED

JOBS = f"/v1/salesforce/instances/{INSTANCE}/sync-jobs"
TO_SALESFORCE, TO_GENTRACK = "gentrack-to-salesforce", "salesforce-to-gentrack"


def asked(
    record: str = "00000101", entity: str = "account", direction: str = TO_SALESFORCE
) -> dict[str, str]:
    return {"direction": direction, "entityType": entity, "entityId": record}


@pytest.fixture
def caller(service: Service) -> dict[str, str]:
    return service.bearer(service.add_app())


def post(
    service: Service, caller: dict[str, str], body: Any = None, key: str | None = None
) -> httpx.Response:
    headers = caller | ({"Idempotency-Key": key} if key else {})
    return service.http.post(JOBS, json=asked() if body is None else body, headers=headers)


def finished(service: Service, caller: dict[str, str], answer: httpx.Response) -> dict[str, Any]:
    def job() -> dict[str, Any] | None:
        told = service.http.get(answer.headers["Location"], headers=caller).raise_for_status().json()
        return dict(told) if told["status"] == "finished" else None

    assert answer.status_code == 202, answer.text
    return dict(until(job))


def test_a_record_is_synchronised_and_told_field_by_field(service: Service, caller: dict[str, str]) -> None:
    service.records.results["00000101"] = UPDATED
    answer = post(service, caller)
    accepted = answer.json()
    assert answer.headers["Location"] == f"{JOBS}/{accepted['id']}"
    assert (accepted["status"], accepted["outcome"], accepted["fields"]) == ("queued", None, None)
    told = finished(service, caller, answer)
    assert service.records.calls == [(Direction.TO_SALESFORCE, "account", ("00000101",))]
    assert (told["outcome"], told["externalId"], told["salesforceId"]) == (
        "updated",
        "00000101",
        "001000000000001AAA",
    )
    assert told["summary"] == "Updated; fields written: 1 of 2."
    assert [
        (one["name"], one["master"], one["written"], one["before"], one["after"]) for one in told["fields"]
    ] == [
        ("Name", "salesforce", False, "x", None),
        ("Phone", "gentrack", True, "1", SECRET_VALUE),
    ]
    assert told["values"] == "shown"


def test_what_is_equal_already_says_so(service: Service, caller: dict[str, str]) -> None:
    service.records.results["00000101"] = EQUAL
    told = finished(service, caller, post(service, caller))
    assert (told["outcome"], told["summary"], told["fields"]) == ("unchanged", "Already equal.", [])


def test_a_record_that_nobody_has_is_rejected_with_what_to_do(
    service: Service, caller: dict[str, str]
) -> None:
    told = finished(service, caller, post(service, caller))
    assert (told["outcome"], told["code"]) == ("rejected", "NOT_FOUND")
    assert told["todo"].startswith("Check the entity type and the id")


def test_who_may_not_see_values_is_told_everything_else(service: Service, caller: dict[str, str]) -> None:
    service.records.results["00000101"] = UPDATED
    answer = post(service, caller)
    finished(service, caller, answer)
    viewer = service.bearer(service.add_app(AppRole.VIEWER))
    told = service.http.get(answer.headers["Location"], headers=viewer)
    assert SECRET_VALUE not in told.text
    assert (told.json()["values"], told.json()["fields"][1]["name"]) == ("withheld", "Phone")
    assert problem(post(service, viewer)) == (403, "SCOPE_MISSING")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (asked(entity="invoice"), (422, "UNKNOWN_ENTITY")),
        (asked(direction="sideways"), (422, "UNKNOWN_DIRECTION")),
        (asked(entity="product", direction=TO_GENTRACK), (422, "DIRECTION_NOT_SYNCHRONISED")),
        (asked(record=""), (422, "NOT_VALID")),
        (asked(record="a\0b"), (422, "NOT_VALID")),
        (asked(record="x" * 256), (422, "NOT_VALID")),
        (asked() | {"more": 1}, (422, "NOT_VALID")),
        ({"direction": TO_SALESFORCE}, (422, "NOT_VALID")),
        ([], (422, "NOT_VALID")),
    ],
)
def test_what_can_t_be_asked_for_is_refused_at_once(
    service: Service, caller: dict[str, str], body: Any, expected: tuple[int, str]
) -> None:
    assert problem(post(service, caller, body)) == expected
    assert service.http.get(JOBS, headers=caller).json()["jobs"] == []


def test_the_same_key_gives_the_same_job_and_another_body_with_it_is_refused(
    service: Service, caller: dict[str, str]
) -> None:
    first = post(service, caller, key="case-1")
    finished(service, caller, first)
    again = post(service, caller, key="case-1")
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["status"] == "finished"
    assert problem(post(service, caller, asked("00000102"), key="case-1")) == (422, "KEY_USED_OTHERWISE")
    other = service.bearer(service.add_app())
    assert post(service, other, key="case-1").json()["id"] != first.json()["id"]


def test_the_same_key_many_times_at_once_is_one_job(service: Service, caller: dict[str, str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(service, caller, key="case-2"), range(16)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_requests_for_a_record_that_waits_are_one_job_and_those_after_its_beginning_another(
    service: Service, caller: dict[str, str]
) -> None:
    service.records.free.clear()
    running = post(service, caller)
    assert service.records.called.acquire(timeout=SOON)
    with ThreadPoolExecutor(8) as pool:
        waiting = list(pool.map(lambda _: post(service, caller), range(8)))
    assert {answer.json()["id"] for answer in waiting} != {running.json()["id"]}
    assert len({answer.json()["id"] for answer in waiting}) == 1
    assert len(service.records.calls) == 1
    service.records.free.set()
    finished(service, caller, waiting[0])
    assert len(service.records.calls) == 2


def test_a_side_that_is_away_puts_a_job_off_and_it_is_done_later(
    service: Service, caller: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.sync.on_demand.carry_out._FIRST", timedelta(milliseconds=1))
    service.records.results["00000101"] = EQUAL
    service.records.failures += [AWAY, AWAY]
    told = finished(service, caller, post(service, caller))
    assert (told["outcome"], told["attempts"]) == ("unchanged", 3)


def test_an_error_that_nobody_foresaw_ends_a_job_after_some_attempts_and_no_thread(
    service: Service,
    caller: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("connector.sync.on_demand.carry_out._FIRST", timedelta(milliseconds=1))
    service.records.failures += [ZeroDivisionError(SECRET_VALUE)] * runner._BROKEN_ATTEMPTS
    told = finished(service, caller, post(service, caller))
    assert (told["outcome"], told["code"]) == ("failed", "NOT_FORESEEN")
    assert SECRET_VALUE not in str(told)
    service.records.results["00000102"] = EQUAL
    assert finished(service, caller, post(service, caller, asked("00000102")))["outcome"] == "unchanged"
    assert "Sync jobs ended by ZeroDivisionError" in caplog.text


def test_a_job_waits_while_the_outage_window_is_open(service: Service, caller: dict[str, str]) -> None:
    service.records.results["00000101"] = EQUAL
    windows = service.ledger.windows
    run: Run = service.ledger.run_started("run-1", INSTANCE, "initial")
    window = windows.claim(windows.reserve(run, 60), "Aroha", {}, 60)
    windows.open(window, TriggerSwitch("005", None, bypass=False), None)
    answer = post(service, caller)
    late = post(service, caller)
    assert late.json()["id"] == answer.json()["id"]
    assert late.json()["status"] == "queued"
    assert service.records.calls == []
    with windows.closing(window) as closing:
        assert closing is not None
        closing.closed(ClosedBy.RUN, "")
    assert finished(service, caller, answer)["outcome"] == "unchanged"


def test_pages_and_filters(service: Service, caller: dict[str, str]) -> None:
    ids = [
        finished(service, caller, post(service, caller, asked(f"0000010{n}", entity)))["id"]
        for n, entity in enumerate(["account", "contact", "account"])
    ]
    first = service.http.get(JOBS, params={"limit": 2}, headers=caller).json()
    assert [job["id"] for job in first["jobs"]] == ids[:0:-1]
    second = service.http.get(first["next"], headers=caller).json()
    assert ([job["id"] for job in second["jobs"]], second["next"]) == (ids[:1], None)
    for query, expected in (
        ({"entityType": "contact"}, ids[1:2]),
        ({"entityId": "00000102"}, ids[2:]),
        ({"status": "queued"}, []),
    ):
        found = service.http.get(JOBS, params=query, headers=caller).json()["jobs"]
        assert [job["id"] for job in found] == expected
    assert problem(service.http.get(JOBS, params={"limit": 0}, headers=caller)) == (422, "NOT_VALID")
    wrong = service.http.get(JOBS, params={"entityType": "\0a"}, headers=caller)
    assert problem(wrong) == (422, "NOT_VALID"), "PostgreSQL has no such text"


def test_a_job_of_another_instance_is_not_there(service: Service, caller: dict[str, str]) -> None:
    job = post(service, caller).json()["id"]
    service.add_instance("22222222", None)
    other = service.bearer(service.add_app(AppRole.ADMINISTRATOR, "22222222"))
    theirs = JOBS.replace(INSTANCE, "22222222")
    assert problem(service.http.get(f"{theirs}/{job}", headers=other)) == (404, "UNKNOWN_JOB")
    assert problem(service.http.get(f"{JOBS}/{job}", headers=other)) == (404, "UNKNOWN_INSTANCE")
    assert problem(service.http.get(f"{JOBS}/{'0' * 36}", headers=caller)) == (404, "UNKNOWN_JOB")


def test_whoever_asks_stands_in_the_audit(service: Service) -> None:
    signed = service.add_app()
    post(service, service.bearer(signed))
    entry = service.ledger.audit.entries(INSTANCE)[0]
    assert (entry.action, entry.who) == (AuditAction.ASKED_FOR_SYNC, f"app {signed.app.id} (Tests)")
    assert entry.detail["record"] == "00000101"


def test_too_many_requests_are_told_when_to_come_again(
    database_url: str, tmp_path: Path, app_key: rsa.RSAPrivateKey, signing_key: SigningKey
) -> None:
    limits = ApiSettings(requests_per_minute=1, burst=2)
    with serving(database_url, tmp_path, app_key, signing_key, limits) as service:
        caller, other = (service.bearer(service.add_app()) for _ in range(2))
        answers = [service.http.get(JOBS, headers=caller) for _ in range(3)]
        assert [answer.status_code for answer in answers[:2]] == [200, 200]
        assert problem(answers[2]) == (429, "RATE_LIMITED")
        assert int(answers[2].headers["Retry-After"]) >= 1
        assert service.http.get(JOBS, headers=other).status_code == 200
