"""What stands in Salesforce already of new records of Gentrack: linked, proposed, or nothing asked."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest

from connector.entities import entity, registry
from connector.mapping import columns as named
from connector.mapping.active_rules import ActiveRules
from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.agreement import Agreement
from connector.model.link import LinkState, Match
from connector.sync.ongoing.matching.look import Matching
from connector.sync.ongoing.matching.net import MOST
from tests.unit.sync.ongoing.told_org import ToldOrg

ACCOUNT, CONTACT = entity("account"), entity("contact")
EMAIL, NUMBER = "email and last name", "company number"


def records(spec: EntitySpec, *rows: tuple[str, dict[str, str]]) -> pd.DataFrame:
    """Rows of a batch: an external id, and columns of the source view."""
    names = dict.fromkeys(named.gentrack(c) for r in spec.matching for a in r.agreements for c in a.ours)
    frame = pd.DataFrame(
        [{named.KEY: key, **{named.gentrack(n): v for n, v in values.items()}} for key, values in rows],
        columns=[named.KEY, *names],
    ).astype(TEXT)
    return frame.assign(**{named.KEY_BROKEN: False})


def person(key: str, name: str = "Hill", email: str = "hill@x.nz", **more: str) -> tuple[str, dict[str, str]]:
    return key, {"person.surname": name, "primaryContact.email": email, **more}


def contact(one: str, name: str = "HILL", email: str = "Hill@X.nz", key: str | None = None) -> dict[str, Any]:
    return {"Id": one, EXTERNAL_ID: key, "LastName": name, "Email": email}


@dataclass
class Setting:
    """What the org answers to every query, and what the ledger and Gentrack know."""

    answer: list[dict[str, Any]]
    known: dict[str, str] = field(default_factory=dict)
    said: list[Match] = field(default_factory=list)
    gentrack: tuple[tuple[str, dict[str, str]], ...] = ()
    off: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.org = ToldOrg(lambda _: self.answer)
        self.read: list[str] = []

    def of_salesforce_ids(self, instance: str, entity: str, ids: list[str]) -> list[Agreement]:
        return [Agreement(self.known[one], one, 1, "linked", "", b"", 0) for one in ids if one in self.known]

    def about(self, instance: str, entity: str, *, keys: list[str], ids: list[str]) -> list[Match]:
        return [m for m in self.said if m.external_id.lower() in keys or m.salesforce_id in ids]

    def records(self, spec: EntitySpec, keys: list[str]) -> pd.DataFrame:
        self.read += keys
        return records(spec, *(row for row in self.gentrack if row[0].lower() in keys))

    def of(
        self, *new: tuple[str, dict[str, str]], spec: EntitySpec = CONTACT
    ) -> set[tuple[str, str, str, LinkState]]:
        me: Any = self
        rules = ActiveRules(registry(), self.off)
        matching = Matching("1", self.org, me, me, me, rules, ("n/a",))
        found = matching.of_new(spec, records(spec, *new))
        return {(m.external_id, m.salesforce_id, m.rule, m.state) for m in found}


LINKED, PROPOSED = LinkState.LINKED, LinkState.PROPOSED


def test_one_strong_candidate_one_to_one_is_linked() -> None:
    setting = Setting([contact("X")])
    assert setting.of(person("C1"), person("C2", "Other", "other@x.nz")) == {("C1", "X", EMAIL, LINKED)}
    assert len(setting.org.calls) == 1
    assert setting.read == []


@pytest.mark.parametrize(
    "setting",
    [
        Setting([contact("X"), contact("Y")]),
        Setting([contact("X"), contact("Z", key="C9")], gentrack=(person("C9"),)),
        Setting([contact("X"), contact("Z")], known={"Z": "C9"}, gentrack=(person("C9"),)),
        Setting([contact("X")], said=[Match("C8", "X", "other", PROPOSED)]),
        Setting([contact("X")], said=[Match("C8", "X", "other", LinkState.ACCEPTED)]),
        Setting([contact("X")] + [contact(f"N{n}", "Else") for n in range(MOST)]),
    ],
    ids=["several", "a linked rival", "a rival whose key was cleared", "proposed", "accepted", "too many"],
)
def test_what_is_not_one_to_one_is_proposed(setting: Setting) -> None:
    found = setting.of(person("C1"))
    assert {(key, state) for key, _, _, state in found} == {("C1", PROPOSED)}
    assert "Z" not in {one for _, one, _, _ in found}


def test_two_new_ones_of_a_round_are_rivals() -> None:
    assert {state for *_, state in Setting([contact("X")]).of(person("C1"), person("C2"))} == {PROPOSED}


def test_a_weak_rule_proposes() -> None:
    theirs = [
        {
            "Id": "X",
            EXTERNAL_ID: None,
            "LastName": "Hill",
            "Birthdate": "1980-02-03",
            "MobilePhone": "021 555 0199",
        }
    ]
    new = person(
        "C1",
        email="n/a",
        **{"primaryContact.dateOfBirth": "1980-02-03", "primaryContact.phoneNumber1": "+64 21 555 0199"},
    )
    assert Setting(theirs).of(new) == {("C1", "X", "last name, birth date and phone", PROPOSED)}


def test_a_rejected_pair_is_none() -> None:
    said = [Match("C1", "X", EMAIL, LinkState.REJECTED)]
    assert Setting([contact("X")], said=said).of(person("C1")) == set()


def test_an_account_is_found_by_a_contact_on_it() -> None:
    below = {
        "Id": "003",
        EXTERNAL_ID: None,
        "AccountId": "001",
        "Email": "hill@x.nz",
        "Account": {"Id": "001", EXTERNAL_ID: None, "Name": "Hill Farm"},
    }
    new = ("A1", {"primary.name": "Hill Farm Ltd", "primary.email": "hill@x.nz"})
    found = Setting([below]).of(new, spec=ACCOUNT)
    assert found == {("A1", "001", "name and email of a contact", PROPOSED)}


def test_a_company_number_links_whatever_its_spelling() -> None:
    theirs = {"Id": "001", EXTERNAL_ID: None, "Company_Number__c": "51 824 753 556"}
    new = ("A1", {"companyNumber": "51824753556"})
    assert Setting([theirs]).of(new, spec=ACCOUNT) == {("A1", "001", NUMBER, LINKED)}
    switched_off = Setting([theirs], off=(f"account.{NUMBER}",))
    assert switched_off.of(new, spec=ACCOUNT) == set()
    assert switched_off.org.calls == []


@pytest.mark.parametrize("name", ["service_point", "order"])
def test_without_rules_nobody_is_asked(name: str) -> None:
    setting = Setting([contact("X")])
    assert setting.of(("1", {}), spec=entity(name)) == set()
    assert setting.org.calls == []


def test_nobody_is_asked_where_nothing_can_be_compared() -> None:
    setting = Setting([contact("X")])
    assert setting.of() == set()
    assert setting.of(person("C1", email="n/a")) == set()
    assert setting.org.calls == []
