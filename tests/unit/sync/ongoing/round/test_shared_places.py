"""One value of Gentrack, several fields of Salesforce: who changed it last is followed by the others."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from connector.entities import entity, registry
from connector.mapping import columns as named
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.field_cases import CASES, FieldCase
from connector.mapping.agreement.hashes import UNKNOWN, hashed, packed
from connector.mapping.agreement.lines import fingerprint, lines_of
from connector.mapping.agreement.record_cases import Presence, Standing
from connector.mapping.agreement.terms import DriftPolicy, Terms
from connector.mapping.converters import TEXT
from connector.model.agreement import Agreement
from connector.model.change import Notice, Side
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.round.shared_places import decided
from connector.sync.ongoing.salesforce.side import Wanted

ACCOUNT, CONTACT = "00000101", "00000201"
CUSTOMER = "77"
OLD, NEW = "+64 1", "+64 2"


@dataclass
class Ledger:
    """Agreements, Gentrack as far as it tells who a customer plays a part for, and phones in Salesforce."""

    pairs: dict[tuple[str, str], Agreement] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def of_keys(self, instance: str, entity: str, keys: list[str]) -> list[Agreement]:
        return [self.pairs[entity, key] for key in keys if (entity, key) in self.pairs]

    def traced(self, notices: set[Notice]) -> Any:
        self.asked += 1
        known = {("account", ACCOUNT), ("contact", CONTACT)}
        rows = {notice: known for notice in notices if notice == Notice(Side.GENTRACK, "customers", CUSTOMER)}
        return type("Traced", (), {"rows": rows})

    def gathered(self, wanted: list[Wanted]) -> list[pd.DataFrame]:
        return [
            batch_of(
                one.spec,
                [
                    {named.SALESFORCE_ID: name, named.salesforce("Phone"): self.held[one.spec.name]}
                    for name in one.ids
                ],
            ).assign(**{named.DELETED: False})
            for one in wanted
        ]

    @property
    def parties(self) -> Parties:
        others: dict[str, Any] = dict.fromkeys(Parties.__dataclass_fields__)
        known = {"instance": "1", "entities": registry(), "gentrack": self, "agreements": self}
        known |= {"salesforce": self}
        return Parties(**{**others, **known})


def agreed(name: str, **values: str) -> dict[str, Any]:
    """What was last agreed of an entity's lines, as columns of a batch."""
    lines = lines_of(entity(name))
    hashes = [
        hashed(pd.Series([values[one.name]], dtype=TEXT))[0] if one.name in values else UNKNOWN
        for one in lines
    ]
    row = packed(np.array([hashes], dtype=np.uint64), pd.RangeIndex(1))
    return {named.FIELDS: fingerprint(lines), named.AGREED: bytes(row.iloc[0])}


def agreement(name: str, key: str, phone: str) -> Agreement:
    told = agreed(name, Phone=phone)
    return Agreement(key, "id", 1, Standing.LINKED.value, told[named.FIELDS], told[named.AGREED], 0)


def phone_of_account(gentrack: str, salesforce: str, ledger: Ledger, terms: Terms) -> tuple[FieldCase, bool]:
    """The case of the account's phone, and whether Salesforce is written."""
    spec = entity("account")
    there = dict.fromkeys((named.IN_GENTRACK, named.IN_SALESFORCE), Presence.PRESENT.value)
    row = (
        there
        | agreed("account", Phone=OLD)
        | {
            named.KEY: ACCOUNT,
            named.SALESFORCE_KEY: ACCOUNT,
            named.SALESFORCE_ID: "001",
            named.STANDING: Standing.LINKED.value,
            named.gentrack("primary.phone"): gentrack,
            named.salesforce("Phone"): salesforce,
        }
    )
    records = batch_of(spec, [row]).assign(
        **{named.gentrack("primary.id"): pd.Series([CUSTOMER], dtype=TEXT)}
    )
    decisions = decided(ledger.parties, spec, terms, records)
    line = [one.name for one in decisions.sides.lines].index("Phone")
    return CASES[decisions.fields.codes[0, line]], bool(decisions.fields.towards_salesforce[0, line])


def ledger_of(contacts_phone: str, *, holds: str | None = None) -> Ledger:
    return Ledger(
        {
            ("account", ACCOUNT): agreement("account", ACCOUNT, OLD),
            ("contact", CONTACT): agreement("contact", CONTACT, contacts_phone),
        },
        {"account": OLD, "contact": holds or contacts_phone},
    )


@pytest.mark.parametrize("terms", [Terms(), Terms(drift=DriftPolicy.REPORT)])
def test_what_the_contact_gave_gentrack_reaches_the_account(terms: Terms) -> None:
    case = phone_of_account(NEW, OLD, ledger_of(NEW), terms)
    assert case == (FieldCase.GIVEN_ELSEWHERE, True)


def test_what_the_contact_has_not_agreed_on_yet_counts_too() -> None:
    """The round that wrote it died before it could say so."""
    case = phone_of_account(NEW, OLD, ledger_of(OLD, holds=NEW), Terms())
    assert case == (FieldCase.GIVEN_ELSEWHERE, True)


def test_what_gentrack_has_from_nobody_in_salesforce_is_restored() -> None:
    case = phone_of_account(NEW, OLD, ledger_of(OLD), Terms())
    assert case == (FieldCase.DRIFT_RESTORED, False)


def test_who_changed_it_too_is_asked_first() -> None:
    """Both changed it in Salesforce: whoever is written last counts, and the other follows."""
    case = phone_of_account(NEW, "+64 3", ledger_of(NEW), Terms())
    assert case == (FieldCase.BOTH_CHANGED, False)


@pytest.mark.parametrize(("gentrack", "salesforce"), [(OLD, OLD), (OLD, NEW), (NEW, NEW)])
def test_nobody_is_asked_where_nothing_would_be_restored(gentrack: str, salesforce: str) -> None:
    ledger = ledger_of(NEW)
    phone_of_account(gentrack, salesforce, ledger, Terms())
    assert ledger.asked == 0


def test_a_value_that_only_one_record_stands_for_is_never_asked_about() -> None:
    ledger = ledger_of(NEW)
    spec = entity("account")
    there = dict.fromkeys((named.IN_GENTRACK, named.IN_SALESFORCE), Presence.PRESENT.value)
    row = (
        there
        | agreed("account", Trading_Name__c="old")
        | {
            named.KEY: ACCOUNT,
            named.SALESFORCE_KEY: ACCOUNT,
            named.SALESFORCE_ID: "001",
            named.STANDING: Standing.LINKED.value,
            named.gentrack("tradingName"): "new",
            named.salesforce("Trading_Name__c"): "old",
        }
    )
    decisions = decided(ledger.parties, spec, Terms(), batch_of(spec, [row]))
    line = [one.name for one in decisions.sides.lines].index("Trading_Name__c")
    assert CASES[decisions.fields.codes[0, line]] is FieldCase.DRIFT_RESTORED
    assert ledger.asked == 0
