"""People and disturbances against a real sandbox: everything goes through its doors."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from bench.soak.acts import Act, Step
from bench.soak.calls import counted, forget
from bench.soak.disturbances import CONNECTOR, DELIVERIES, GENTRACK, SALESFORCE, STREAM, Disturbances
from bench.soak.journal import Journal
from bench.soak.people import DATA, GentrackPeople, SalesforcePeople
from bench.soak.picture import Picture, taken
from bench.soak.targets import Targets
from bench.soak.traffic import Traffic
from deployments.sandbox_process import Sandbox


@pytest.fixture(scope="module")
def own(start_sandbox_of: Callable[[int, int], Sandbox]) -> Sandbox:
    return start_sandbox_of(15, 5)


@pytest.fixture
def gentrack(own: Sandbox) -> Iterator[GentrackPeople]:
    people = GentrackPeople(own.gentrack)
    yield people
    people.close()


@pytest.fixture
def salesforce(own: Sandbox) -> Iterator[SalesforcePeople]:
    people = SalesforcePeople(own.salesforce)
    yield people
    people.close()


def test_what_is_done_stands_in_the_system_and_in_the_journal(
    gentrack: GentrackPeople, salesforce: SalesforcePeople, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    traffic = Traffic(gentrack, salesforce, Targets(Picture({}, {}), {}), journal, 1, 20)
    contact = {"LastName": "Ngata"}

    def merge(twin: object) -> list[Step]:
        return [Step("salesforce", "merge", "Contact", str(twin), into=first)]

    first = salesforce.create("Contact", contact)
    account = gentrack.change("accounts", next(gentrack.everything("accounts"))["id"], {})
    traffic.done(Act("merged", [Step("salesforce", "create", "Contact", fields=contact, then=merge)]))
    traffic.done(
        Act("edited", [Step("gentrack", "change", "accounts", account["id"], {"tradingName": "Kōwhai"})])
    )
    journal.close()

    after = taken(gentrack, salesforce)
    merged = next(entry for entry in journal.entries if entry.deed == "merge")
    assert after.salesforce["Contact"][merged.record]["MasterRecordId"] == first
    assert after.gentrack["accounts"][account["id"]]["tradingName"] == "Kōwhai"
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text("utf-8").splitlines()]
    assert [line["deed"] for line in lines] == [entry.deed for entry in journal.entries]
    assert len(journal.entries) == 3


def test_disturbances_meet_the_connector_and_nobody_else(
    own: Sandbox, gentrack: GentrackPeople, salesforce: SalesforcePeople
) -> None:
    disturbances = Disturbances(own, 1)
    disturbances.begin()
    try:
        for _ in range(40):
            list(gentrack.everything("products"))
            salesforce.fields_of("Account")
        assert set(disturbances.struck().values()) == {0}
        assert len(disturbances.struck()) == len(
            {fault["kind"] for fault in GENTRACK + DELIVERIES + SALESFORCE + STREAM}
        )
    finally:
        disturbances.end()
    assert disturbances.struck() == {}


def test_the_calls_that_count_are_the_connectors(own: Sandbox, salesforce: SalesforcePeople) -> None:
    forget(own)
    org, tenant = own.salesforce, own.gentrack
    salesforce.fields_of("Account")
    with httpx.Client(headers={"User-Agent": CONNECTOR}) as connector:
        form = {"grant_type": "client_credentials", "client_id": org.client_id}
        form["client_secret"] = org.client_secret.get_secret_value()
        token = connector.post(f"{org.url}/services/oauth2/token", data=form).json()["access_token"]
        signed_in = {"Authorization": f"Bearer {token}"}
        connector.get(f"{org.url}{DATA}/query?q=SELECT+Id+FROM+Account", headers=signed_in).raise_for_status()
        connector.post(f"{tenant.url}/v1/token", auth=(tenant.app_id, "wrong"))
    calls = counted(own)
    assert dict(calls.salesforce) == {"GET query": 1}
    assert calls.in_gentrack() == 1


def test_traffic_ends_when_it_is_told_to(gentrack: GentrackPeople, salesforce: SalesforcePeople) -> None:
    journal, over = Journal(), threading.Event()
    over.set()
    traffic = Traffic(gentrack, salesforce, Targets(Picture({}, {}), {}), journal, 1, 20)
    assert traffic.flow(over) < 5
    assert journal.entries == []
