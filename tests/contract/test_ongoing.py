"""Ongoing synchronisation over a real sandbox and ledger: edits, creations, deletion, merge, a move."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connector.bootstrap import Connection
from connector.instance import Instance
from connector.ongoing import living, polling_of
from connector.settings import Settings
from connector.sync.ongoing.life.record import Standing
from deployments.sandbox_process import Sandbox

KEY = "Gentrack_External_Id__c"


class Systems:
    """Both systems as people edit them, and the connector between them."""

    def __init__(self, sandbox: Sandbox, at: Connection) -> None:
        self.at = at
        self._org = sandbox.salesforce.url
        self._gentrack = httpx.Client(base_url=f"{sandbox.gentrack.url}/v1/junifer/")
        given = sandbox.gentrack
        asked = httpx.post(
            f"{given.url}/v1/token", auth=(given.app_id, given.app_secret.get_secret_value())
        ).json()
        self._gentrack.headers["Authorization"] = f"Bearer {asked['accessToken']}"

    def close(self) -> None:
        self._gentrack.close()
        self.at.close()

    def caught_up(self) -> Standing:
        with living(self.at, lambda: False, lambda standing, away: None) as life:
            assert life is not None
            return life.catch_up()

    def letters(self) -> set[tuple[str, str]]:
        every = self.at.ledger.dead_letters.all(self.at.instance.id)
        return {(one.notice.record_id, one.reason.code) for one in every}

    def soql(self, soql: str) -> list[dict[str, Any]]:
        return self.at.salesforce.query(soql)

    def contact(self, number: str) -> dict[str, Any]:
        (found,) = self.soql(
            "SELECT Id, Preferred_Name__c, LastName, Account.Gentrack_External_Id__c FROM Contact"
            f" WHERE {KEY} = '{number}'"
        )
        return found

    def edit_contact(self, number: str, **values: str) -> None:
        self.at.salesforce.update_record("Contact", self.contact(number)["Id"], values)

    def merge(self, sobject: str, winner: str, loser: str) -> None:
        body = {"object": sobject, "winner": winner, "ids": [loser]}
        httpx.post(f"{self._org}/sandbox/merge", json=body).raise_for_status()

    def gentrack(self, path: str) -> dict[str, Any]:
        return dict(self._gentrack.get(path).raise_for_status().json())

    def all_of(self, resource: str) -> list[dict[str, Any]]:
        return list(self.gentrack(f"{resource}?limit=500")["results"])

    def edit_gentrack(self, resource: str, number: int, **values: Any) -> None:
        self._gentrack.patch(f"{resource}/{number}", json=values).raise_for_status()


@pytest.fixture
def systems(
    start_sandbox_of: Callable[[int, int], Sandbox], database_url: str, tmp_path: Path
) -> Iterator[Systems]:
    sandbox = start_sandbox_of(6, 31)
    instance = Instance.model_validate(
        {
            "id": sandbox.gentrack.tenant_id,
            "name": "Sandbox",
            "salesforce": {
                "url": sandbox.salesforce.tls_url,
                "ca_file": sandbox.salesforce.ca_file,
                "events": "off",
            },
            "gentrack": {"url": sandbox.gentrack.url},
            "load": {"give_up_after": 10},
            "ongoing": {"entities": {"contact": {"create_in_gentrack": {"Title": ["Buyer"]}}}},
        }
    )
    secrets = {
        "salesforce": {
            "client_id": sandbox.salesforce.client_id,
            "client_secret": sandbox.salesforce.client_secret,
        },
        "gentrack": {"app_id": sandbox.gentrack.app_id, "app_secret": sandbox.gentrack.app_secret},
    }
    settings = Settings.model_validate(
        {"database_url": SecretStr(database_url), "secrets": {instance.id: secrets}}
    )
    systems = Systems(sandbox, Connection(settings, instance))
    yield systems
    systems.close()


def test_two_systems_are_brought_into_agreement_and_stay_so(systems: Systems) -> None:
    polling_of(systems.at).begin_at(datetime(2000, 1, 1, tzinfo=UTC))
    systems.caught_up()
    for sobject, resource in {"Account": "accounts", "Contract": "agreements", "Order": "orders"}.items():
        numbers = {one["number"] for one in systems.all_of(resource)}
        assert {one[KEY] for one in systems.soql(f"SELECT {KEY} FROM {sobject}")} == numbers
    given_up = systems.letters()
    assert {code for _, code in given_up} <= {"KEY_NOT_USABLE"}, "the seed has an awkward price plan"
    assert systems.caught_up().outcomes.keys() <= {"account_contact_relation"}

    first, second, third = [one for one in systems.all_of("customers") if one["surname"]][:3]
    systems.edit_contact(first["number"], Preferred_Name__c="Sally")
    systems.edit_gentrack("customers", second["id"], preferredName="a change on the wrong side")
    (point, *_) = systems.all_of("meterPoints")
    other = next(one for one in systems.all_of("accounts") if one["id"] != point["accountId"])
    systems.edit_gentrack("meterPoints", point["id"], accountId=other["id"], supplyStatus="Deenergised")
    home = systems.contact(third["number"])["Account"][KEY]
    (account,) = systems.soql(f"SELECT Id FROM Account WHERE {KEY} = '{home}'")
    buyer = {"LastName": "Novak", "Title": "Buyer", "AccountId": account["Id"]}
    made = systems.at.salesforce.create_record("Contact", buyer)
    winner = systems.at.salesforce.create_record("Contact", {"LastName": third["surname"]})
    systems.merge("Contact", winner, systems.contact(third["number"])["Id"])
    systems.caught_up()

    assert systems.gentrack(f"customers/{first['id']}")["preferredName"] == "Sally"
    assert systems.gentrack(f"customers/{second['id']}")["preferredName"] == second["preferredName"]
    (moved,) = systems.soql(
        "SELECT Supply_Status__c, Account__r.Gentrack_External_Id__c FROM Service_Point__c"
        f" WHERE {KEY} = '{point['identifier']}'"
    )
    assert (moved["Supply_Status__c"], moved["Account__r"][KEY]) == ("Deenergised", other["number"])
    (numbered,) = systems.soql(f"SELECT {KEY} FROM Contact WHERE Id = '{made}'")
    customers = {one["number"]: one for one in systems.all_of("customers")}
    assert customers[numbered[KEY]]["clientReference"] == made
    assert systems.contact(third["number"])["Id"] == winner
    assert systems.letters() == given_up

    systems.at.salesforce.delete_record("Contact", systems.contact(first["number"])["Id"])
    systems.caught_up()
    assert systems.soql(f"SELECT Id FROM Contact WHERE {KEY} = '{first['number']}'") == []
    systems.edit_gentrack("customers", first["id"], preferredName="edited since")
    systems.caught_up()
    assert systems.soql(f"SELECT Id FROM Contact WHERE {KEY} = '{first['number']}'") == []
