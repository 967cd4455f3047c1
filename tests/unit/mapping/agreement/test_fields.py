"""What is decided about fields: units, values that lose something, parents, and what is agreed then."""

from typing import Any

import pandas as pd
import pytest

from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.lines import lines_of
from connector.mapping.agreement.terms import ConflictPolicy, Terms, fixed_lines
from tests.unit.mapping.agreement.two_systems import agreed, applied, decided, linked
from tests.unit.mapping.mapping_specs import AGREEMENT, METER
from tests.unit.sync.sync_describe import described

OLD = {line.name: "old" for line in lines_of(AGREEMENT)} | {"Site__c": "P1"}
GENTRACK = {
    "street1": "g.street1",
    **{line.name: f"g.{line.name.removesuffix('__c').lower()}" for line in lines_of(AGREEMENT)},
}


def record(
    gentrack: dict[str, Any] | None = None, salesforce: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A record that agreed on `old` everywhere, with what has changed since on each side."""
    row = linked(AGREEMENT) | agreed(AGREEMENT, OLD)
    for field in AGREEMENT.fields:
        row |= {named.gentrack(field.sources[0]): "old", named.salesforce(field.api_name): "old"}
    row |= {named.gentrack(name): value for name, value in (gentrack or {}).items()}
    return row | {named.salesforce(name): value for name, value in (salesforce or {}).items()}


def changes(decisions: Decisions) -> list[tuple[str, str, str | None]]:
    """The fields that differ: name, verdict, and the direction in which they are written."""
    told = decisions.changes[[named.FIELD, "verdict", "writes"]]
    return [
        (name, verdict, None if pd.isna(way) else way) for name, verdict, way in told.itertuples(index=False)
    ]


def of(gentrack: dict[str, Any] | None = None, salesforce: dict[str, Any] | None = None, **terms: Any) -> Any:
    return changes(decided(AGREEMENT, record(gentrack, salesforce), terms=Terms(**terms)))


TO_SALESFORCE, TO_GENTRACK = "gentrack-to-salesforce", "salesforce-to-gentrack"


def test_a_change_tells_both_values_and_why() -> None:
    (told,) = decided(AGREEMENT, record({"tariff": "new"})).changes.to_dict("records")
    assert told == {
        "field": "Tariff__c",
        "verdict": "updated",
        "writes": TO_SALESFORCE,
        "gentrack": "new",
        "salesforce": "old",
        "why": "the master changed it",
    }


def test_one_line_of_an_address_brings_the_lines_that_differ_and_no_others() -> None:
    assert of(None, {"City__c": "Wellington"}) == [("City__c", "updated", TO_GENTRACK)]
    moved = {"Street__c": "1 High St", "City__c": "Wellington"}
    assert {name for name, _, _ in of(None, moved)} == set(moved)


def test_an_address_that_both_sides_changed_is_taken_whole_from_its_master() -> None:
    """Gentrack has another street, Salesforce another city: a mixture of both is no address."""
    found = of({"street1": "9 Elsewhere"}, {"City__c": "Wellington"})
    assert found == [("Street__c", "updated", TO_GENTRACK), ("City__c", "updated", TO_GENTRACK)]


def test_an_address_that_both_may_change_is_one_conflict() -> None:
    both = {"lane": "1 High St"}, {"Town__c": "Wellington"}
    assert of(*both) == [("Lane__c", "conflict", None), ("Town__c", "conflict", None)]
    settled = of(*both, conflict=ConflictPolicy.SALESFORCE)
    assert settled == [("Lane__c", "updated", TO_GENTRACK), ("Town__c", "updated", TO_GENTRACK)]


def test_lines_that_both_sides_changed_alike_are_no_conflict() -> None:
    found = of({"town": "Wellington"}, {"Town__c": "Wellington", "Lane__c": "1 High St"})
    assert found == [("Lane__c", "updated", TO_GENTRACK)]


def test_a_conflict_holds_the_record_and_not_its_other_fields() -> None:
    decisions = decided(AGREEMENT, record({"memo": "a", "tariff": "b"}, {"Memo__c": "c"}))
    assert list(decisions.actions[named.OUTCOME]) == ["held"]
    assert changes(decisions) == [("Tariff__c", "updated", TO_SALESFORCE), ("Memo__c", "conflict", None)]


def test_a_blank_address_is_filled_whole_and_one_that_has_a_line_is_not_mixed() -> None:
    never = {named.FIELDS: None, named.AGREED: None}
    ours = {"street1": "1 High St", "city": "Wellington"}
    blank = record(ours, {"Street__c": None, "City__c": " "}) | never
    part = record(ours, {"Street__c": None, "City__c": "Auckland"}) | never
    told = decided(AGREEMENT, blank, part).changes
    address = told[told[named.FIELD].isin(["Street__c", "City__c"])]
    assert list(address["verdict"]) == ["filled", "filled", "updated", "updated"]
    assert list(address["writes"]) == [TO_SALESFORCE, TO_SALESFORCE, TO_GENTRACK, TO_GENTRACK]


def test_a_street_with_more_lines_than_gentrack_holds_is_written_once() -> None:
    """What Gentrack made of it means the same: it is never written back, nor again."""
    contact = entity("contact")
    street = "Level 4\nThe Tower\nBack Door\n1 High St"
    records = batch_of(contact, [linked(contact) | {named.salesforce("MailingStreet"): street}])
    first = decide(contact, Terms(), records)
    after = applied(first)
    lines = [after[f"g.primaryContact.address.address{line}"].iloc[0] for line in (1, 2, 3)]
    assert lines == ["Level 4", "The Tower", "Back Door, 1 High St"]
    assert changes(decide(contact, Terms(), after)) == []
    assert after[named.salesforce("MailingStreet")].iloc[0] == street


def test_salesforce_gets_the_converted_value_and_gentrack_its_own_form() -> None:
    contact = entity("contact")
    row = linked(contact) | {
        named.salesforce("MailingCountry"): "New Zealand",
        named.salesforce("Salutation"): "Dr.",
    }
    decisions = decided(contact, row)
    assert decisions.to_gentrack["primaryContact.address.country"].all()
    values = decisions.gentrack_values.iloc[0]
    assert (values["primaryContact.address.country"], values["person.title"]) == ("NZ", "Dr")
    point = entity("service_point")
    other = decided(point, linked(point) | {"g.address.country": "AU", "g.address.address1": " 1 High St "})
    values = other.salesforce_values.iloc[0]
    assert (values["Country__c"], values["Street__c"]) == ("Australia", "1 High St")
    assert other.to_salesforce[["Country__c", "Street__c"]].to_numpy().all()


def test_only_what_came_through_is_agreed() -> None:
    """A write that failed leaves the old agreement, so that the next decision is the same."""
    records = batch_of(AGREEMENT, [record({"tariff": "new"}, {"Title__c": "new"})] * 2)
    decisions = decide(AGREEMENT, Terms(), records)
    done, failed = pd.Series([True, False]), pd.Series([False, True])
    settled = decisions.settled(salesforce_done=done, gentrack_done=failed)
    after = records.copy()
    after[settled.columns] = settled
    after.loc[0, named.salesforce("Tariff__c")] = "new"
    after.loc[1, named.gentrack("title")] = "new"
    told = decide(AGREEMENT, Terms(), after).changes
    assert list(zip(told.index, told[named.FIELD], told["verdict"], strict=True)) == [
        (0, "Title__c", "updated"),
        (1, "Tariff__c", "updated"),
    ]


def test_what_is_found_equal_is_agreed() -> None:
    """From then on it is known who changes it."""
    found = applied(decide(AGREEMENT, Terms(), batch_of(AGREEMENT, [record() | {named.FIELDS: None}])))
    found[named.salesforce("Tariff__c")] = "new"
    assert changes(decide(AGREEMENT, Terms(), found)) == [("Tariff__c", "drift restored", TO_SALESFORCE)]


def test_a_blank_that_was_never_agreed_is_filled_even_where_blanks_leave_alone() -> None:
    never = {named.FIELDS: None}
    assert changes(decided(AGREEMENT, record(None, {"Nickname__c": None}) | never)) == [
        ("Nickname__c", "filled", TO_SALESFORCE)
    ]


def test_what_is_left_or_reported_is_not_agreed() -> None:
    report = Terms(conflict=ConflictPolicy.REVIEW)
    rows = [record({"note": None}), record({"memo": "a"}, {"Memo__c": "b"}), record({"rank": "1"})]
    records = batch_of(AGREEMENT, rows)
    settled = decide(AGREEMENT, report, records).settled()
    assert settled[named.AGREED].equals(records[named.AGREED])


def test_a_mapping_line_that_is_new_clears_nothing_in_gentrack() -> None:
    """Salesforce's field has just been made and is blank on every record: it is filled."""
    grown = AGREEMENT
    older = agreed(AGREEMENT, {name: value for name, value in OLD.items() if name != "Title__c"})
    decisions = decided(grown, record(None, {"Title__c": None}) | older)
    assert changes(decisions) == [("Title__c", "filled", TO_SALESFORCE)]


def test_the_parents_that_differ_are_written_by_external_id() -> None:
    moved = record() | {named.parent_key("Site__c"): "P2"}
    decisions = decided(AGREEMENT, moved)
    assert decisions.to_salesforce["Site__c"].all()
    assert list(decisions.salesforce_values["Site__c"]) == ["P2"]
    assert changes(decided(AGREEMENT, record() | {named.parent_key("Site__c"): "p1"})) == []


def test_a_parent_that_gentrack_does_not_know_is_drift() -> None:
    """Somebody hung the record below a prospect, which has no external id."""
    unknown = {named.salesforce_parent("Site__c"): None, named.parent_id("Site__c"): "001000000000009AAA"}
    assert changes(decided(AGREEMENT, record() | unknown)) == [("Site__c", "drift restored", TO_SALESFORCE)]


def test_a_parent_is_cleared_only_where_it_was_agreed() -> None:
    gone = {named.parent_key("Site__c"): None}
    assert changes(decided(AGREEMENT, record() | gone)) == [("Site__c", "updated", TO_SALESFORCE)]
    never = decided(AGREEMENT, record() | gone | agreed(AGREEMENT, OLD | {"Site__c": None}))
    unknown = decided(AGREEMENT, record() | gone | {named.FIELDS: None})
    assert changes(unknown)[-1] == ("Site__c", "left", None)
    assert changes(never) == [("Site__c", "drift restored", TO_SALESFORCE)]


@pytest.mark.parametrize("updateable", [True, False])
def test_what_the_org_takes_at_creation_only_is_read_from_describe(updateable: bool) -> None:
    names = {"Name": {"updateable": updateable}, "Site__c": {"updateable": updateable}}
    assert fixed_lines(METER, described(METER, **names)) == (set() if updateable else set(names))


def test_a_batch_without_rows_has_decisions_without_rows() -> None:
    empty = decide(AGREEMENT, Terms(), batch_of(AGREEMENT, []))
    for frame in (empty.actions, empty.changes, empty.settled(), empty.to_gentrack, empty.gentrack_values):
        assert len(frame) == 0
    assert list(empty.to_salesforce.columns) == [line.name for line in lines_of(AGREEMENT)]
