"""What is agreed at the end of a run: exactly what a decision would find, and nothing that differs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connector.entities import entity
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.field_cases import FieldVerdict
from connector.mapping.agreement.terms import Terms
from connector.mapping.vocabulary import EntitySpec
from connector.model.scope import Scope
from connector.sync import folders
from connector.sync.agree import agree
from connector.sync.extract import extract_salesforce
from tests.unit.sync.agreements_twin import AgreementsTwin
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun

ACCOUNT, CONTACT, RELATION = (entity(n) for n in ("account", "contact", "account_contact_relation"))
Stage = Callable[..., None]


@pytest.fixture
def agreements() -> AgreementsTwin:
    return AgreementsTwin()


@pytest.fixture
def loaded(whole: WholeRun, stage_gentrack: Stage) -> WholeRun:
    """Two accounts, one below the other, two contacts and three relations, all of them loaded well."""
    stage_gentrack(
        accounts=[account(1), account(2, parentAccountId=1, fromDttm="2020-01-01T00:00:00Z")],
        customers=[customer(7, email="C7@Example.com", title="Dr"), customer(8, jobTitle="Baker")],
        accountCustomers=[link(1, 1, 7), link(2, 2, 7, primary="N"), link(3, 2, 8)],
    )
    whole.plan()
    whole.load()
    return whole


def agreed_on(whole: WholeRun, agreements: AgreementsTwin) -> dict[str, int]:
    whole.verify()
    return {spec.name: agree(whole.run, spec, agreements, whole.workspace) for spec in whole.entities}


def decided(whole: WholeRun, agreements: AgreementsTwin, spec: EntitySpec) -> Decisions:
    """A gather of everything, as both sides and the ledger have it now, and what is decided of it."""
    org, staging = whole.org, whole.workspace.staging
    extract_salesforce(spec, org, staging, folder="again", batch_rows=200, unlinked=True)
    theirs = {row["key"]: row for row in staging.read("again/part-000000.parquet").to_pylist()}
    prepared = staging.read(staging.parts(folders.prepared(whole.run, spec.name))[0].path).to_pylist()
    rows: list[dict[str, Any]] = []
    for ours in prepared:
        key = ours["key"]
        row = {name: value for name, value in ours.items() if name.startswith(("g.", "parent."))}
        row |= {f"parent.{parent.field}.there": True for parent in spec.parents}
        row |= {"key": key, "key_count": 1, "in_gentrack": "present"}
        row |= agreements.rows[spec.name].get(key.lower(), {})
        found = theirs[key]
        row |= {"in_salesforce": "present", "s.key": key}
        row |= {name: value for name, value in found.items() if name.startswith(("s.", "parent_id."))}
        row |= {f"s.parent.{parent.field}": found[f"parent.{parent.field}"] for parent in spec.parents}
        rows.append(row)
    known = batch_of(spec, []).columns
    return decide(spec, Terms(), batch_of(spec, [{n: r[n] for n in known if n in r} for r in rows]))


def test_after_a_run_there_is_nothing_to_decide(loaded: WholeRun, agreements: AgreementsTwin) -> None:
    assert agreed_on(loaded, agreements) == {"account": 2, "contact": 2, RELATION.name: 3}
    for spec in loaded.entities:
        decisions = decided(loaded, agreements, spec)
        assert decisions.changes.empty, spec.name
        assert decisions.sides.gentrack_as_agreed.all(), spec.name
        assert decisions.sides.salesforce_as_agreed.all(), spec.name
        assert set(decisions.actions["outcome"]) == {"unchanged"}
    contact, relation = agreements.rows["contact"]["c7"], agreements.rows[RELATION.name]["a2:c7"]
    assert (contact["key"], contact["gentrack_id"]) == ("C7", 7)
    assert contact["salesforce_id"] == loaded.org.by_key("Contact", "C7")["Id"]
    assert (relation["gentrack_id"], relation["standing"]) == (2, "linked")


def test_a_line_that_differs_is_unknown_and_the_others_are_agreed(
    loaded: WholeRun, agreements: AgreementsTwin
) -> None:
    loaded.org.by_key("Contact", "C8").update({"LastName": "Married", "Title": None})
    agreed_on(loaded, agreements)
    changes = decided(loaded, agreements, CONTACT).changes
    assert set(changes["field"]) == {"LastName", "Title"}
    assert dict(zip(changes["field"], changes["verdict"], strict=True)) == {
        "LastName": FieldVerdict.UPDATED,
        "Title": FieldVerdict.FILLED,
    }


def test_a_parent_that_is_none_of_ours_is_no_blank(loaded: WholeRun, agreements: AgreementsTwin) -> None:
    foreign = loaded.org.add("Account", Name="A group of ours")
    loaded.org.by_key("Account", "A1")["ParentId"] = foreign
    agreed_on(loaded, agreements)
    changes = decided(loaded, agreements, ACCOUNT).changes
    assert list(changes["field"]) == ["ParentId"]
    assert list(changes["verdict"]) == [FieldVerdict.LEFT]


def test_what_only_one_side_holds_is_agreed_on_by_nobody(
    loaded: WholeRun, agreements: AgreementsTwin
) -> None:
    loaded.org.remove("Contact", "C8")
    loaded.org.add("Contact", Gentrack_External_Id__c="C999", LastName="Nobody's")
    agreed_on(loaded, agreements)
    assert set(agreements.rows["contact"]) == {"c7"}


def test_rows_that_share_a_key_are_agreed_on_by_nobody(
    whole: WholeRun, stage_gentrack: Stage, agreements: AgreementsTwin
) -> None:
    stage_gentrack(accounts=[account(1), account(2), account(3, number="a2")])
    whole.org.add("Account", Gentrack_External_Id__c="A2", Name="Customer 2")
    whole.plan()
    whole.load()
    agreed_on(whole, agreements)
    assert set(agreements.rows["account"]) == {"a1"}


def test_a_run_again_says_the_same(loaded: WholeRun, agreements: AgreementsTwin) -> None:
    agreed_on(loaded, agreements)
    before = {name: dict(rows) for name, rows in agreements.rows.items()}
    loaded.plan()
    loaded.load()
    agreed_on(loaded, agreements)
    assert agreements.rows == before


class TestPairsOfBefore:
    """Of pairs that the ledger knew and the run doesn't find on both sides."""

    @pytest.fixture
    def known(self, loaded: WholeRun, agreements: AgreementsTwin) -> AgreementsTwin:
        agreed_on(loaded, agreements)
        contacts = agreements.rows["contact"]
        for number, standing in ((97, "linked"), (98, "ended")):
            contacts[f"c{number}"] = contacts["c7"] | {
                "key": f"C{number}",
                "salesforce_id": f"0030000000000{number}AAA",
                "standing": standing,
            }
        return agreements

    def test_a_whole_run_forgets_what_neither_side_holds_unless_it_has_ended(
        self, loaded: WholeRun, known: AgreementsTwin
    ) -> None:
        loaded.org.remove("Contact", "C8")
        theirs = loaded.org.add("Contact", Gentrack_External_Id__c="C96", LastName="Gone in Gentrack")
        known.rows["contact"]["c96"] = known.rows["contact"]["c97"] | {"key": "C96", "salesforce_id": theirs}
        loaded.verify()
        part = replace(loaded.run, scope=Scope(accounts=("A1",)))
        agree(part, CONTACT, known, loaded.workspace)
        assert set(known.rows["contact"]) == {"c7", "c8", "c96", "c97", "c98"}, "a part leaves others alone"
        agree(loaded.run, CONTACT, known, loaded.workspace)
        assert set(known.rows["contact"]) == {"c7", "c8", "c96", "c98"}, "one side holds C8, the other C96"

    def test_a_pair_that_has_ended_stays_so_while_its_record_is_the_same(
        self, loaded: WholeRun, known: AgreementsTwin
    ) -> None:
        known.rows["contact"]["c7"]["standing"] = "ended"
        known.rows["contact"]["c8"] |= {"standing": "ended", "salesforce_id": "003000000000077AAA"}
        agreed_on(loaded, known)
        assert known.rows["contact"]["c7"]["standing"] == "ended"
        assert known.rows["contact"]["c8"]["standing"] == "linked"


class TestWhatAnEarlierRunAgreedOn:
    """Of records that both sides hold as they did then, nothing is told to the ledger again."""

    @pytest.fixture
    def known(self, loaded: WholeRun, agreements: AgreementsTwin) -> AgreementsTwin:
        agreed_on(loaded, agreements)
        return agreements

    def again(self, loaded: WholeRun, known: AgreementsTwin, spec: EntitySpec = CONTACT) -> int:
        """Read everything anew; returns how many of an entity the ledger was told."""
        loaded.plan()
        loaded.load()
        loaded.verify()
        assert agree(loaded.run, spec, known, loaded.workspace) == len(known.rows[spec.name])
        return known.told

    def test_stands_where_nothing_changed(self, loaded: WholeRun, known: AgreementsTwin) -> None:
        before = {name: dict(rows) for name, rows in known.rows.items()}
        for spec in loaded.entities:
            assert self.again(loaded, known, spec) == 0, spec.name
        assert known.rows == before

    def test_is_said_anew_of_what_changed_in_salesforce(
        self, loaded: WholeRun, known: AgreementsTwin
    ) -> None:
        before = known.rows["contact"]["c8"]["agreed"]
        loaded.org.by_key("Contact", "C8")["Title"] = "Banker"
        assert self.again(loaded, known) == 1
        assert known.rows["contact"]["c8"]["agreed"] != before

    def test_is_said_anew_of_what_changed_in_gentrack(
        self, loaded: WholeRun, known: AgreementsTwin, stage_gentrack: Stage
    ) -> None:
        stage_gentrack(
            accounts=[account(1), account(2, parentAccountId=1, fromDttm="2020-01-01T00:00:00Z")],
            customers=[customer(7, email="new@example.com", title="Dr"), customer(8, jobTitle="Baker")],
            accountCustomers=[link(1, 1, 7), link(2, 2, 7, primary="N"), link(3, 2, 8)],
        )
        before = known.rows["contact"]["c7"]["agreed"]
        assert self.again(loaded, known) == 1
        assert known.rows["contact"]["c7"]["agreed"] != before

    def test_is_said_anew_where_a_parent_is_another(self, loaded: WholeRun, known: AgreementsTwin) -> None:
        loaded.org.by_key("Account", "A1")["ParentId"] = loaded.org.add("Account", Name="A group of ours")
        assert self.again(loaded, known, ACCOUNT) == 1

    @pytest.mark.parametrize("since", [{"seen": None}, {"contested": 1}, {"fields": "of another mapping"}])
    def test_is_said_anew_where_the_ledger_holds_another_agreement(
        self, loaded: WholeRun, known: AgreementsTwin, since: dict[str, Any]
    ) -> None:
        agreed = known.rows["contact"]["c8"]["agreed"]
        known.rows["contact"]["c8"] |= {"agreed": b"of another round"} | since
        assert self.again(loaded, known) == 1
        assert known.rows["contact"]["c8"]["agreed"] == agreed

    def test_is_said_anew_where_the_record_is_linked_with_another_key_too(
        self, loaded: WholeRun, known: AgreementsTwin
    ) -> None:
        contacts = known.rows["contact"]
        contacts["c88"] = contacts["c8"] | {"key": "C88"}
        loaded.verify()
        agree(loaded.run, CONTACT, known, loaded.workspace)
        assert known.told == 1
