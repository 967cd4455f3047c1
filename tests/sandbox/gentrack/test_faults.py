"""Scripted faults: what they do to a request, and which requests they strike."""

from typing import Any

import httpx
import pytest

from sandbox.gentrack.faults import Fault, FaultKind, FaultScript
from sandbox.gentrack.tenant import Tenant


def test_a_status_strikes_as_often_as_told_and_in_its_place(tenant: Tenant, client: httpx.Client) -> None:
    tenant.faults.add(Fault(FaultKind.STATUS, path="/customers", after=1, times=2, status=429, retry_after=7))
    answers = [client.get("/customers?limit=1") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 200, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert answers[1].json()["errorSeverity"] == "Error"
    assert client.get("/accounts?limit=1").status_code == 200
    assert [fault["struck"] for fault in tenant.faults.as_json()] == [2]


def test_a_dropped_request_is_not_handled(tenant: Tenant, client: httpx.Client) -> None:
    tenant.faults.add(Fault(FaultKind.DROPPED, method="POST"))
    with pytest.raises(httpx.TransportError):
        client.post("/customers", json={"name": "A", "clientReference": "1"})
    assert client.get("/customers?clientReference=1").json()["results"] == []
    assert client.post("/customers", json={"name": "A", "clientReference": "1"}).status_code == 201


def test_a_lost_answer_is_a_write_that_happened(tenant: Tenant, client: httpx.Client) -> None:
    tenant.faults.add(Fault(FaultKind.ANSWER_LOST, method="POST"))
    with pytest.raises(httpx.TransportError):
        client.post("/customers", json={"name": "A", "clientReference": "1"})
    assert len(client.get("/customers?clientReference=1").json()["results"]) == 1
    assert client.post("/customers", json={"name": "A", "clientReference": "1"}).status_code == 409
    assert [entry["status"] for entry in tenant.journal.as_json() if entry["method"] == "POST"] == [
        200,
        0,
        409,
    ]


def test_a_slow_answer_comes_late(tenant: Tenant, client: httpx.Client) -> None:
    tenant.faults.add(Fault(FaultKind.SLOW, seconds=0.6))
    with pytest.raises(httpx.ReadTimeout):
        client.get("/accounts?limit=1", timeout=0.2)
    assert client.get("/accounts?limit=1", timeout=5).status_code == 200


def test_tokens_can_end_in_the_middle(tenant: Tenant, client: httpx.Client, address: str) -> None:
    tenant.faults.add(Fault(FaultKind.TOKENS_REVOKED, after=2))
    assert [client.get("/accounts?limit=1").status_code for _ in range(4)] == [200, 200, 401, 401]
    token = httpx.post(f"{address}/v1/token", auth=(tenant.app.app_id, tenant.app.secret)).json()[
        "accessToken"
    ]
    client.headers["Authorization"] = f"Bearer {token}"
    assert client.get("/accounts?limit=1").status_code == 200


def _strikes(seed: int) -> list[bool]:
    script = FaultScript(seed)
    script.add(Fault(FaultKind.STATUS, share=0.3, times=None))
    return [script.strike("GET", "/accounts", "") is not None for _ in range(300)]


def test_a_fault_may_mean_one_client(tenant: Tenant, client: httpx.Client) -> None:
    tenant.faults.add(Fault(FaultKind.STATUS, agent="connector", times=None))
    connector = {"User-Agent": "gentrack-salesforce-connector"}
    assert client.get("/accounts?limit=1").status_code == 200
    assert client.get("/accounts?limit=1", headers=connector).status_code == 503
    agents = [entry["agent"] for entry in tenant.journal.as_json()[-2:]]
    assert [agent == connector["User-Agent"] for agent in agents] == [False, True]


def test_chance_is_repeatable_by_seed() -> None:
    assert _strikes(1) == _strikes(1)
    assert _strikes(1) != _strikes(2)
    assert 60 < sum(_strikes(1)) < 120


def test_a_cleared_script_does_nothing(tenant: Tenant, client: httpx.Client) -> None:
    tenant.faults.add(Fault(FaultKind.STATUS, times=None))
    assert client.get("/accounts").status_code == 503
    tenant.faults.clear()
    assert client.get("/accounts").status_code == 200


@pytest.mark.parametrize(
    "given", [None, {}, {"kind": "flood"}, {"kind": "slow", "speed": 1}, {"kind": "slow", "path": "("}]
)
def test_a_fault_that_means_nothing_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"fault|kind|Kind|path"):
        Fault.from_json(given)


def test_a_fault_is_read_from_json() -> None:
    given = {"kind": "status", "status": 429, "path": "/accounts", "times": None}
    assert Fault.from_json(given) == Fault(FaultKind.STATUS, status=429, path="/accounts", times=None)
