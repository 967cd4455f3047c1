"""An account, its contact and their relation that are new in Salesforce are made in Gentrack, each once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.record_cases import Action
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import Notice, Side
from connector.sync.ongoing.gentrack.apply import apply_to_gentrack
from connector.sync.ongoing.gentrack.side import GentrackSide
from connector.sync.ongoing.round.parties import Parties
from tests.unit.sync.gentrack_twin import GentrackTwin
from tests.unit.sync.ongoing.ongoing_twins import Twins
from tests.unit.sync.ongoing.told_org import ToldOrg
from tests.unit.sync.ongoing.twin_state import Killed, Record
from tests.unit.sync.people import people
from tests.unit.sync.sync_records import account, customer, link

ACCOUNT, CONTACT, RELATION = people()
ACCOUNT_ID, CONTACT_ID, RELATION_ID = "001000000000001AAA", "003000000000001AAA", "07k000000000001AAA"


@dataclass
class Site(Twins):
    """Salesforce's three new records, and a tenant behind the real Gentrack side and its real writer."""

    side: GentrackSide = field(init=False)
    tenant: GentrackTwin = field(init=False)

    def __post_init__(self) -> None:
        self.tenant = GentrackTwin(
            accounts=[account(1)], customers=[customer(7)], accountCustomers=[link(1, 1, 7)]
        )
        self.side = GentrackSide(self.tenant, people())
        self.theirs |= {
            ACCOUNT_ID: Record(ACCOUNT, values={"Name": "Tui Ltd", "Phone": "06 1"}, in_scope=True),
            CONTACT_ID: Record(
                CONTACT, values={"LastName": "Ngata"}, parents={"AccountId": ACCOUNT_ID}, in_scope=True
            ),
            RELATION_ID: Record(
                RELATION, parents={"AccountId": ACCOUNT_ID, "ContactId": CONTACT_ID}, in_scope=True
            ),
        }

    @property
    def parties(self) -> Parties:
        return replace(
            super().parties,
            entities=people(),
            gentrack=self.side,
            gentrack_records=self.tenant,
            to_gentrack=self.applied,
        )

    def applied(self, spec: EntitySpec, decisions: Decisions) -> Any:
        org = ToldOrg(lambda _: [self.direct_relation()])
        return apply_to_gentrack(
            spec, decisions, decisions.records, self.tenant, finding=self.tenant, org=org, parallel=1
        )

    def _in_salesforce(
        self, spec: EntitySpec, decisions: Decisions, place: Any, action: str
    ) -> dict[str, Any] | None:
        """No second relation of a pair can be made: the writer adopts the one that is there."""
        if spec is RELATION and action == Action.CREATE_IN_SALESFORCE:
            self.theirs[RELATION_ID].key = str(decisions.records.at[place, named.KEY])
            return {"salesforce_id": RELATION_ID}
        return super()._in_salesforce(spec, decisions, place, action)

    def direct_relation(self) -> dict[str, Any]:
        return {
            "AccountId": ACCOUNT_ID,
            "Roles": None,
            "IsDirect": True,
            "CreatedDate": "2026-11-24T10:00:00.000+0000",
            "Id": RELATION_ID,
            "Contact": {"Gentrack_External_Id__c": self.theirs[CONTACT_ID].key},
        }

    def hear_of_all(self) -> None:
        """A notice of every record on both sides that is new."""
        before = {("accounts", 1), ("customers", 7), ("accountCustomers", 1)}
        ours = {(kind, one) for kind, records in self.tenant.records.items() for one in records} - before
        self.hear(*(Notice(Side.GENTRACK, kind, str(one)) for kind, one in sorted(ours)))
        self.hear_of_salesforce()

    def hear_of_salesforce(self) -> None:
        """A notice of every record there."""
        kinds = {one: record.entity.salesforce_object for one, record in self.theirs.items()}
        self.hear(*(Notice(Side.SALESFORCE, kind, one) for one, kind in kinds.items()))


@contextmanager
def new_people() -> Iterator[Site]:
    site = Site()
    try:
        yield site
    finally:
        site.side.close()


def assert_made_once(site: Site) -> None:
    records = site.tenant.records
    assert {name: len(records[name]) for name in records} == {
        "accounts": 2,
        "customers": 2,
        "accountCustomers": 2,
    }
    keys = {one: site.theirs[one].key for one in (ACCOUNT_ID, CONTACT_ID, RELATION_ID)}
    assert keys == {ACCOUNT_ID: "A2", CONTACT_ID: "C8", RELATION_ID: "A2:C8"}
    assert len(site.theirs) == 3, "nothing of it was made in Salesforce once more"
    assert site.theirs[CONTACT_ID].parents == {"AccountId": ACCOUNT_ID}, "it is still its account's"
    person = records["customers"][8]
    assert (person["name"], person["surname"]) == ("Tui Ltd", "Ngata")
    assert person["primaryContact"]["phoneNumber1"] == "06 1"
    assert not site.letters


def test_the_contact_comes_first_then_its_account_then_their_relation() -> None:
    with new_people() as site:
        site.hear_of_salesforce()
        site.rounds()
        assert_made_once(site)
        site.hear_of_all()
        site.rounds()
        assert_made_once(site)


@pytest.mark.parametrize("resource", ["customers", "accounts"])
def test_a_kill_right_after_a_creation_makes_nothing_twice(resource: str) -> None:
    with new_people() as site:
        create = site.tenant.create

        def dies_once(kind: str, fields: Mapping[str, Any], reference: str) -> dict[str, Any]:
            if kind == resource:
                site.tenant.create = create  # type: ignore[method-assign]
                create(kind, fields, reference)
                raise Killed
            return create(kind, fields, reference)

        site.tenant.create = dies_once  # type: ignore[method-assign, assignment]
        site.hear_of_salesforce()
        with pytest.raises(Killed):
            site.rounds()
        site.hear_of_all()
        site.rounds()
        assert_made_once(site)
