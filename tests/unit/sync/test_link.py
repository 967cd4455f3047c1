"""Which records are the same: one to one both ways, ambiguity in every shape, and what is never a match."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.matching import MatchingRule
from connector.model.link import LinkCounts
from connector.model.run import Run
from connector.model.scope import Scope
from connector.sync import folders
from connector.sync.link import link as verb
from connector.sync.staged_sql import Workspace
from connector.sync.transform import transform
from tests.unit.sync.link_ledger_twin import LinkLedgerTwin
from tests.unit.sync.sync_records import account, customer
from tests.unit.sync.sync_records import link as role

CONTACT, ACCOUNT = entity("contact"), entity("account")
Records = Sequence[Mapping[str, Any]]
EMAIL = "email and last name"


class Linking:
    """Stages both sides and links one entity, with a ledger that lasts."""

    def __init__(self, run: Run, workspace: Workspace, stage_gentrack: Callable[..., None]) -> None:
        self.run, self.workspace, self.stage_gentrack = run, workspace, stage_gentrack
        self.ledger = LinkLedgerTwin()

    def contacts(
        self, ours: Records, theirs: Records, rules: tuple[MatchingRule, ...] | None = None
    ) -> LinkCounts:
        self.stage_gentrack(customers=ours)
        self.stage_salesforce("contact", theirs)
        chosen = CONTACT.matching if rules is None else rules
        return verb(self.run, CONTACT, self.ledger, self.workspace, rules=chosen, placeholders=("n/a",))

    def accounts(
        self,
        ours: Records,
        people: Records,
        theirs: Records,
        contacts: Records = (),
        *,
        supported: bool = True,
    ) -> LinkCounts:
        roles = [
            role(n, record["id"], person["id"])
            for n, (record, person) in enumerate(zip(ours, people, strict=True))
        ]
        self.stage_gentrack(accounts=ours, customers=people, accountCustomers=roles)
        self.stage_salesforce("account", theirs)
        self.stage_salesforce("contact", contacts)
        return verb(
            self.run,
            ACCOUNT,
            self.ledger,
            self.workspace,
            rules=ACCOUNT.matching,
            support=ACCOUNT.support if supported else None,
            placeholders=("n/a",),
        )

    def stage_salesforce(self, name: str, records: Records) -> None:
        spec = entity(name)
        names = [named.SALESFORCE_ID, named.KEY, *(named.parent_key(p.field) for p in spec.parents)]
        names += [named.salesforce(field.api_name) for field in spec.fields]
        names += [named.parent_id(p.field) for p in spec.parents]
        table = pa.Table.from_pylist([dict(r) for r in records], pa.schema([(n, pa.string()) for n in names]))
        self.workspace.staging.write(name, 0, folders.salesforce(self.run, name), table)


@pytest.fixture
def linking(run: Run, workspace: Workspace, stage_gentrack: Callable[..., None]) -> Linking:
    return Linking(run, workspace, stage_gentrack)


def ours(
    number: int, /, email: str | None = "ann@example.com", surname: str | None = "Lee", **more: Any
) -> dict[str, Any]:
    return customer(number, surname=surname, **({"email": email} | more))


def theirs(
    number: int, email: str | None = "ann@example.com", surname: str | None = "Lee", **more: Any
) -> dict[str, Any]:
    return {"salesforce_id": f"X{number}", "s.Email": email, "s.LastName": surname} | more


def test_one_strong_candidate_on_each_side_is_linked_whatever_the_case(linking: Linking) -> None:
    counts = linking.contacts([ours(1)], [theirs(1, " ANN@example.com", "LEE"), theirs(2, "b@example.com")])
    assert linking.ledger.linked == {("C1", "X1"): (EMAIL, "linked")}
    assert linking.ledger.proposed == {}
    assert (counts.linked, counts.proposed, counts.out_of_scope) == ({EMAIL: 1}, 0, 1)


def test_the_exact_external_id_goes_first_and_is_no_candidate_for_others(linking: Linking) -> None:
    counts = linking.contacts([ours(1), ours(2)], [theirs(1, key="c1")])
    assert not linking.ledger.linked
    assert not linking.ledger.proposed
    assert counts.known == 1


def test_a_record_that_a_known_one_matches_too_is_proposed(linking: Linking) -> None:
    linking.contacts([ours(1), ours(2)], [theirs(1, key="C1"), theirs(2)])
    assert linking.ledger.linked == {}
    assert linking.ledger.proposed == {("C2", "X2"): EMAIL}


def narrowed(linking: Linking, *keys: str) -> None:
    """From now on the run is a pilot that is about these contacts."""
    linking.run = replace(linking.run, scope=Scope(sample=1))
    table = pa.table({"key": pa.array(keys, pa.string())})
    linking.workspace.staging.write("contact", 0, folders.scope(linking.run, "contact"), table)


def test_a_pilot_forgets_nothing_of_what_lies_outside_of_it(linking: Linking) -> None:
    people = [ours(1, "a@example.com"), ours(2, "b@example.com"), ours(3), ours(4)]
    linking.contacts(people, [theirs(1, "a@example.com"), theirs(2, "b@example.com"), theirs(3)])
    assert set(linking.ledger.linked) == {("C1", "X1"), ("C2", "X2")}
    assert set(linking.ledger.proposed) == {("C3", "X3"), ("C4", "X3")}
    narrowed(linking, "C1", "C3")
    linking.contacts(people, [theirs(number, None) for number in (1, 2, 3)])
    assert set(linking.ledger.linked) == {("C2", "X2")}
    assert set(linking.ledger.proposed) == {("C4", "X3")}


def test_who_lies_outside_of_a_pilot_is_a_rival_all_the_same_and_is_not_linked(linking: Linking) -> None:
    narrowed(linking, "C1", "C3")
    people = [ours(1), ours(2), ours(3, "c@example.com"), ours(4, "d@example.com")]
    linking.contacts(people, [theirs(1), theirs(3, "c@example.com"), theirs(4, "d@example.com")])
    assert linking.ledger.linked == {("C3", "X3"): (EMAIL, "linked")}
    assert linking.ledger.proposed == {("C1", "X1"): EMAIL}


@pytest.mark.parametrize(
    ("left", "right"),
    [([1], [1, 2]), ([1, 2], [1]), ([1, 2], [1, 2])],
    ids=["father and son", "a couple in Gentrack", "a couple in both"],
)
def test_several_candidates_are_all_proposed(linking: Linking, left: list[int], right: list[int]) -> None:
    linking.contacts([ours(n) for n in left], [theirs(n) for n in right])
    assert linking.ledger.linked == {}
    assert set(linking.ledger.proposed) == {(f"C{a}", f"X{b}") for a in left for b in right}


def test_ambiguity_in_a_ring_is_proposed_as_a_whole(linking: Linking) -> None:
    """C1 could be X1 or X2, C2 could be X2 or X1 by another spelling: nobody is linked by elimination."""
    linking.contacts(
        [ours(1, "a@example.com"), ours(2, "a@example.com"), ours(3, "c@example.com")],
        [theirs(1, "a@example.com"), theirs(2, "a@example.com"), theirs(3, "c@example.com")],
    )
    assert linking.ledger.linked == {("C3", "X3"): (EMAIL, "linked")}
    assert len(linking.ledger.proposed) == 4


@pytest.mark.parametrize("nothing", [None, "", "  ", "N/A"])
def test_what_is_empty_or_a_placeholder_never_matches(linking: Linking, nothing: str | None) -> None:
    linking.contacts(
        [ours(1, nothing), ours(2, surname=nothing)], [theirs(1, nothing), theirs(2, surname=nothing)]
    )
    assert not linking.ledger.linked
    assert not linking.ledger.proposed


def test_a_weak_rule_only_proposes_and_any_phone_will_do(linking: Linking) -> None:
    contact = {"dateOfBirth": "1980-02-29", "phoneNumber3": "021 123 456"}
    person = {"s.Birthdate": "1980-02-29", "s.Phone": "+64 21 123 456"}
    linking.contacts([ours(1, primaryContact=contact)], [theirs(1, None, **person)])
    assert linking.ledger.linked == {}
    assert linking.ledger.proposed == {("C1", "X1"): "last name, birth date and phone"}


def test_a_weak_candidate_gives_way_to_a_strong_one(linking: Linking) -> None:
    contact = {"email": "ann@example.com", "address": {"postcode": "1010"}}
    same_name = {"s.FirstName": "Given1", "s.MailingPostalCode": "1010"}
    linking.contacts([ours(1, primaryContact=contact)], [theirs(1), theirs(2, None, **same_name)])
    assert set(linking.ledger.linked) == {("C1", "X1")}
    assert linking.ledger.proposed == {}


def test_rows_whose_key_cannot_be_used_are_never_linked_but_count_as_rivals(linking: Linking) -> None:
    linking.contacts(
        [ours(1, number="same"), ours(2, number="SAME"), ours(3), ours(4, "d@example.com", number="a:b")],
        [theirs(1), theirs(2, "d@example.com")],
    )
    assert linking.ledger.linked == {}
    assert set(linking.ledger.proposed) == {("C3", "X1")}


def test_what_was_rejected_is_never_proposed_again_and_the_other_one_is_linked(linking: Linking) -> None:
    linking.ledger.decided = {("c1", "X2"): "rejected"}
    linking.contacts([ours(1)], [theirs(1), theirs(2)])
    assert linking.ledger.linked == {("C1", "X1"): (EMAIL, "linked")}
    linking.ledger.decided[("C1", "X1")] = "rejected"
    linking.contacts([ours(1)], [theirs(1), theirs(2)])
    assert not linking.ledger.linked
    assert not linking.ledger.proposed


def test_what_was_accepted_is_linked_though_nothing_agrees(linking: Linking) -> None:
    linking.ledger.decided = {("C1", "X1"): "accepted"}
    counts = linking.contacts([ours(1)], [theirs(1, "other@example.com"), theirs(2)])
    assert linking.ledger.linked == {("C1", "X1"): ("a rule", "accepted")}
    assert counts.accepted == 1
    assert linking.ledger.proposed == {}


def test_an_accepted_record_that_is_gone_or_taken_is_no_link(linking: Linking) -> None:
    linking.ledger.decided = {("C1", "X9"): "accepted", ("C2", "X2"): "accepted"}
    linking.contacts([ours(1), ours(2, "b@example.com")], [theirs(2, "b@example.com", key="C2")])
    assert linking.ledger.linked == {}


def test_a_link_that_never_reached_salesforce_and_is_not_found_again_is_forgotten(linking: Linking) -> None:
    linking.contacts([ours(1)], [theirs(1)])
    linking.contacts([ours(1)], [theirs(1), theirs(2)])
    assert linking.ledger.linked == {}
    assert len(linking.ledger.proposed) == 2
    linking.contacts([ours(1)], [theirs(1, key="C1")])
    assert linking.ledger.proposed == {}


def test_a_value_that_too_many_records_share_shows_some_and_links_nobody(linking: Linking) -> None:
    linking.contacts([ours(1)], [theirs(n) for n in range(30)])
    assert linking.ledger.linked == {}
    assert len(linking.ledger.proposed) == 10


def test_a_rule_that_is_switched_off_finds_nothing(linking: Linking) -> None:
    linking.contacts([ours(1)], [theirs(1)], rules=CONTACT.matching[1:])
    assert not linking.ledger.linked
    assert not linking.ledger.proposed


def test_accounts_by_company_number_name_or_a_contact_on_them(linking: Linking) -> None:
    linking.accounts(
        [
            account(1, companyNumber="0123 4567"),
            account(2, billingAddress={"postcode": "SW1A 1AA"}),
            account(3),
            account(4),
        ],
        [
            customer(1, name="One Ltd"),
            customer(2, name="Two & Sons Ltd."),
            customer(3, name="Māia Tau", email="maia@example.com"),
            customer(4, name="Nobody", email="nobody@example.com"),
        ],
        [
            {"salesforce_id": "Y1", "s.Name": "Uno", "s.Company_Number__c": "1234567"},
            {"salesforce_id": "Y2", "s.Name": "TWO AND SONS LIMITED", "s.BillingPostalCode": "sw1a1aa"},
            {"salesforce_id": "Y3", "s.Name": "Maia Tau"},
            {"salesforce_id": "Y4", "s.Name": "Nobody"},
        ],
        [
            {"salesforce_id": "X3", "s.Email": "MAIA@example.com", "parent_id.AccountId": "Y3"},
            {"salesforce_id": "X4", "s.Email": "nobody@example.com", "parent_id.AccountId": "Y3"},
        ],
    )
    assert linking.ledger.linked == {("A1", "Y1"): ("company number", "linked")}
    assert linking.ledger.proposed == {
        ("A2", "Y2"): "name and postcode",
        ("A3", "Y3"): "name and email of a contact",
    }


PERSON = {"salesforce_id": "P1", "key": "C1", "parent_id.AccountId": "Y1"}
"""The contact of the first customer, on the first account of Salesforce."""
SUPPORTED: dict[str, tuple[Records, Records, Records, dict[str, Any], bool]] = {
    "one of each": ([account(1)], [customer(1)], [{}], {}, True),
    "a blank postcode": (
        [account(1)],
        [customer(1, email="a@x.nz")],
        [{"s.BillingPostalCode": None}],
        {},
        True,
    ),
    "another postcode": (
        [account(1)],
        [customer(1, email="a@x.nz")],
        [{"s.BillingPostalCode": "9"}],
        {},
        False,
    ),
    "two accounts of one name": ([account(1)], [customer(1)], [{}, {}], {}, False),
    "its contact stands elsewhere": ([account(1)], [customer(1)], [{}], {"parent_id.AccountId": "Y7"}, False),
    "its contact is not linked": ([account(1)], [customer(1)], [{}], {"key": None}, False),
    "two accounts of the customer": ([account(1), account(2)], [customer(1)] * 2, [{}], {}, False),
}


@pytest.mark.parametrize("case", SUPPORTED)
def test_an_account_whose_only_candidate_has_its_linked_contact_is_linked(
    linking: Linking, case: str
) -> None:
    accounts, people, theirs, contact, linked = SUPPORTED[case]
    home = {"billingAddress": {"postcode": "4110"}}
    named_so = {"s.Name": "Given1 Family1", "s.BillingPostalCode": "4110"}
    linking.accounts(
        [{**one, **home} for one in accounts],
        people,
        [{"salesforce_id": f"Y{n}", **named_so, **changed} for n, changed in enumerate(theirs, start=1)],
        [PERSON | {"s.Email": "a@x.nz"} | contact],
    )
    assert set(linking.ledger.linked) == ({("A1", "Y1")} if linked else set()), case
    assert bool(linking.ledger.proposed) == (not linked), case


def test_a_linked_row_is_updated_by_id_and_a_proposed_one_is_held(
    linking: Linking, describe: Callable[..., Any]
) -> None:
    linking.contacts(
        [ours(1, "a@example.com", title="Ms"), ours(2, "b@example.com")],
        [
            theirs(1, "a@example.com", "lee", **{"s.FirstName": "Annie"}),
            theirs(2, "b@example.com"),
            theirs(3, "b@example.com"),
        ],
    )
    staging = linking.workspace.staging
    staging.write(
        "account",
        0,
        folders.plan(linking.run, "account"),
        pa.table(
            {n: pa.array([], pa.string()) for n in ("key", "outcome", "reason")}
            | {"linked": pa.array([], pa.bool_())}
        ),
    )
    (batch,) = transform(linking.run, CONTACT, describe(CONTACT), linking.workspace)
    plan = staging.read(batch.path).to_pandas().set_index("key")
    linked, held = plan.loc["C1"], plan.loc["C2"]
    assert (linked["operation"], linked["salesforce_id"]) == ("update", "X1")
    assert linked["t.Salutation"] == "Ms.", "a blank is filled at the first linking"
    assert linked[["t.FirstName", "t.LastName"]].isna().all(), "Salesforce's own values are left alone"
    assert (held["operation"], held["outcome"], held["code"]) == ("none", "held", "LINK_PROPOSED")
    assert held["reason"].startswith("2 Contact records in Salesforce may be this one already")
    assert "connector review" in held["todo"]


def test_a_proposal_shows_both_records_line_for_line(linking: Linking) -> None:
    linking.contacts([ours(1, title="Dr")], [theirs(1, **{"s.FirstName": "Annie"}), theirs(2)])
    (part,) = linking.workspace.staging.parts(folders.proposed(linking.run, "contact"))
    first = linking.workspace.staging.read(part.path).to_pylist()[0]
    assert first["candidates"] == 2
    assert first["differing"] == "Salutation, FirstName"
    assert first["gentrack"].split("\n") == [
        "Salutation: Dr.",
        "FirstName: Given1",
        "LastName: Lee",
        "Email: ann@example.com",
    ]
    assert first["salesforce"].split("\n") == [
        "Salutation: ",
        "FirstName: Annie",
        "LastName: Lee",
        "Email: ann@example.com",
    ]


PEOPLE = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=8)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    left=PEOPLE, right=PEOPLE, rejected=st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=3)
)
def test_links_are_always_one_to_one_and_exclude_proposals(
    linking: Linking,
    left: list[tuple[str, str]],
    right: list[tuple[str, str]],
    rejected: set[tuple[int, int]],
) -> None:
    linking.ledger = LinkLedgerTwin()
    linking.ledger.decided = {(f"C{a}", f"X{b}"): "rejected" for a, b in rejected}
    linking.contacts(
        [ours(n, f"{email}@example.com", surname) for n, (email, surname) in enumerate(left)],
        [theirs(n, f"{email}@example.com", surname) for n, (email, surname) in enumerate(right)],
    )
    linked, proposed = set(linking.ledger.linked), set(linking.ledger.proposed)
    for side in (0, 1):
        records = [pair[side] for pair in linked]
        assert len(records) == len(set(records))
        assert not set(records) & {pair[side] for pair in proposed}
    same = {
        (f"C{a}", f"X{b}") for a, one in enumerate(left) for b, other in enumerate(right) if one == other
    } - set(linking.ledger.decided)
    assert linked | proposed == same
    assert linked == {
        (a, b) for a, b in same if [p[0] for p in same].count(a) == [p[1] for p in same].count(b) == 1
    }
