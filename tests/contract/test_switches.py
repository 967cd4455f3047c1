"""What the outage window counts on: one record by its id, what the org is made of, Gentrack's switch."""

import pytest

from connector.clients.gentrack.event_publishing import connect_event_publishing
from connector.clients.salesforce.org import Org
from connector.errors import RequestRefused
from connector.instance import Instance
from connector.settings import GentrackSecrets
from connector.sync.switches import BYPASS, SETTING, triggers_now, triggers_off, triggers_restored
from deployments.sandbox_process import Sandbox


def test_one_record_by_its_id(org: Org) -> None:
    record = org.create_record("Account", {"Name": "Ngata"})
    org.update_record("Account", record, {"Phone": "021 1"})
    asked = f"SELECT Name, Phone FROM Account WHERE Id = '{record}'"
    assert org.query(asked) == [{"Name": "Ngata", "Phone": "021 1"}]
    for _ in range(2):
        org.delete_record("Account", record)
    assert org.query(asked) == []
    with pytest.raises(RequestRefused):
        org.create_record("Account", {"Phone": "021 1"})


def test_the_signed_in_user_has_an_id(org: Org) -> None:
    (user,) = org.query(f"SELECT Username FROM User WHERE Id = '{org.user_id()}'")
    assert user["Username"] == org.user_name()


def test_a_second_row_of_a_user_is_refused_by_its_code(org: Org) -> None:
    owner = {"SetupOwnerId": org.user_id(), BYPASS: False}
    row = org.create_record(SETTING, owner)
    with pytest.raises(RequestRefused) as refused:
        org.create_record(SETTING, owner)
    assert refused.value.code == "DUPLICATE_VALUE"
    org.delete_record(SETTING, row)


def test_the_triggers_are_switched_off_and_restored(org: Org) -> None:
    before = triggers_now(org)
    assert before.row_id is None
    triggers_off(org, before.user_id)
    assert triggers_now(org).bypass
    triggers_restored(org, before)
    assert triggers_now(org) == before


def test_the_org_shows_its_triggers_and_flows(org: Org) -> None:
    triggers = org.tooling_query("SELECT Name, TableEnumOrId FROM ApexTrigger WHERE Status = 'Active'")
    assert {"Name": "GentrackAccountTrigger", "TableEnumOrId": "Account"} in triggers
    assert org.tooling_query("SELECT ApiName FROM FlowDefinitionView WHERE IsActive = true") == []


def test_gentracks_events_are_switched_and_read_back(instance: Instance, contract_sandbox: Sandbox) -> None:
    given = contract_sandbox.gentrack
    secrets = GentrackSecrets(app_id=given.app_id, app_secret=given.app_secret)
    events = connect_event_publishing(instance, secrets)
    assert events.is_on()
    for on in (False, False, True):
        events.switch(on=on)
        assert events.is_on() is on
