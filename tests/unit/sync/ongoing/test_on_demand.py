"""On demand: one record and the parents that it needs, in the direction that was asked."""

from connector.mapping.agreement.terms import Direction
from connector.sync.ongoing.on_demand import Demanded, synchronise_records
from connector.sync.ongoing.round.results import Fate
from tests.unit.sync.ongoing.ledger_twins import InboxTwin
from tests.unit.sync.ongoing.ongoing_twins import Twins
from tests.unit.sync.ongoing.round.agreed_twins import SF, agreed
from tests.unit.sync.ongoing.twin_state import SITE, Record

TO_SALESFORCE, TO_GENTRACK = Direction.TO_SALESFORCE, Direction.TO_GENTRACK


def demanded(
    twins: Twins, entity: str, *, direction: Direction | None = None, **asked: list[str]
) -> Demanded:
    letters = InboxTwin(twins)
    return synchronise_records(twins.parties, letters, entity, direction=direction, **asked)


def test_missing_parents_come_first() -> None:
    twins = Twins()
    twins.meter("M1", "S1", status="on")
    twins.site("S1", title="Mill")
    told = demanded(twins, "meter", keys=["M1"], direction=TO_SALESFORCE)
    assert [(one.name, one.outcome) for one in told.parents] == [("site S1", "created")]
    assert told.results["M1"].outcome == "created"
    assert twins.equal()


def test_fields_are_told_with_what_happened_to_them_and_masters_still_decide() -> None:
    twins = agreed()
    number = next(iter(twins.ours["sites"]))
    twins.ours["sites"][number] |= {"tariff": "night", "title": "Barn"}
    told = demanded(twins, "site", keys=["S1"], direction=TO_SALESFORCE)
    changes = {
        one.name: (one.before, one.after, one.verdict, one.writes) for one in told.results["S1"].changes
    }
    assert changes == {
        "Tariff__c": ("day", "night", "updated", TO_SALESFORCE),
        "Title__c": ("Barn", "Barn", "left", None),
    }
    assert twins.written == [("salesforce", "S1", "Tariff__c")]


def test_a_record_new_in_salesforce_is_asked_for_by_its_id() -> None:
    twins = Twins()
    twins.theirs[SF] = Record(SITE, values={"Title__c": "New"}, in_scope=True)
    assert (
        demanded(twins, "site", ids=[SF], direction=TO_SALESFORCE).results[SF].reason.code
        == "OTHER_DIRECTION"
    )
    told = demanded(twins, "site", ids=[SF], direction=TO_GENTRACK).results[SF]
    assert (told.outcome, told.key) == ("created", twins.theirs[SF].key)
    assert told.key is not None


def test_what_nobody_has_is_left_out_and_what_somebody_writes_is_busy() -> None:
    twins = agreed()
    twins.locked.add("s1")
    told = demanded(twins, "site", keys=["S1", "S9"])
    assert told.results["S1"].fate is Fate.BUSY
    assert told.results["S9"].reason.code == "NOWHERE"


def test_what_comes_through_takes_its_dead_letter_back() -> None:
    twins = agreed()
    number = next(iter(twins.ours["sites"]))
    twins.ours["sites"][number]["tariff"] = "night"
    twins.refusing["S1"] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", False)
    twins.hear_all()
    twins.rounds()
    assert len(twins.letters) == 1
    twins.refusing.clear()
    demanded(twins, "site", keys=["S1"])
    assert not twins.letters
