"""A job's record: found by either id, told field by field, tried again where somebody else is writing it."""

from connector.mapping.agreement.terms import Direction
from connector.model.outcome import RowOutcome
from connector.model.salesforce_id import whole_id
from connector.sync.on_demand.synchronising import RecordsOnDemand
from tests.unit.sync.ongoing.ledger_twins import InboxTwin
from tests.unit.sync.ongoing.ongoing_twins import Twins

SF = "a00000000000001AAA"
TO_SALESFORCE = Direction.TO_SALESFORCE


def records_of(twins: Twins) -> RecordsOnDemand:
    return RecordsOnDemand(twins.parties, InboxTwin(twins))


def agreed() -> Twins:
    twins = Twins()
    twins.site("S1", SF, title="Mill", tariff="day")
    twins.hear_all()
    twins.rounds()
    return twins


def test_a_record_is_found_by_either_id_and_told_field_by_field() -> None:
    for name in ("S1", "s1", SF, SF[:15]):
        assert whole_id(SF) == SF
        twins = agreed()
        number = next(iter(twins.ours["sites"]))
        twins.ours["sites"][number] |= {"tariff": "night", "title": "Barn"}
        told = records_of(twins).synchronise(TO_SALESFORCE, "site", [name])[name]
        assert (told.outcome, told.key, told.salesforce_id) == (RowOutcome.UPDATED, "S1", SF)
        fields = {one.name: one for one in told.fields}
        tariff, title = fields["Tariff__c"], fields["Title__c"]
        assert (tariff.master, tariff.written, tariff.before, tariff.after) == (
            "gentrack",
            True,
            "day",
            "night",
        )
        assert (title.master, title.verdict, title.written) == ("salesforce", "left", False)
        assert title.why == "the other side is master"


def test_what_is_equal_already_has_no_fields() -> None:
    told = records_of(agreed()).synchronise(TO_SALESFORCE, "site", ["S1"])["S1"]
    assert (told.outcome, told.fields, told.passing) == (RowOutcome.UNCHANGED, (), False)


def test_what_nobody_has_is_left_out() -> None:
    assert records_of(agreed()).synchronise(TO_SALESFORCE, "site", ["S9", "a00000000000009"]) == {}


def test_what_somebody_else_is_writing_is_tried_again() -> None:
    twins = agreed()
    twins.locked.add("s1")
    told = records_of(twins).synchronise(TO_SALESFORCE, "site", ["S1"])["S1"]
    assert (told.passing, told.outcome, told.reason.code) == (True, RowOutcome.FAILED, "BUSY")


def test_what_a_side_refuses_says_so_and_writes_nothing() -> None:
    twins = agreed()
    number = next(iter(twins.ours["sites"]))
    twins.ours["sites"][number]["tariff"] = "night"
    twins.refusing["S1"] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", False)
    told = records_of(twins).synchronise(TO_SALESFORCE, "site", ["S1"])["S1"]
    assert (told.outcome, told.reason.code) == (RowOutcome.REJECTED, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert [(one.name, one.written) for one in told.fields] == [("Tariff__c", False)]
