"""What is new in Gentrack and stands in Salesforce without an external id is not made there again."""

import pytest

from connector.mapping.agreement.terms import Direction
from connector.model.link import LinkState
from connector.sync.ongoing.on_demand import synchronise_records
from tests.unit.sync.ongoing.ledger_twins import InboxTwin
from tests.unit.sync.ongoing.ongoing_twins import Twins
from tests.unit.sync.ongoing.round.agreed_twins import SF, SF2, salesforce
from tests.unit.sync.ongoing.twin_state import SITE, Killed, Record


def new_site(*there: str, in_scope: bool = False) -> Twins:
    """A site that is new in Gentrack with its meter; records of its title stand in Salesforce."""
    twins = Twins()
    twins.site("S1", title="Mill", tariff="day")
    twins.meter("M1", "S1", status="on")
    for one in there:
        twins.theirs[one] = Record(SITE, values={"Title__c": "Mill"}, in_scope=in_scope)
    return twins


def keys(twins: Twins) -> dict[str, str | None]:
    return {one: record.key for one, record in twins.theirs.items() if record.entity is SITE}


@pytest.mark.parametrize("in_scope", [False, True])
def test_one_for_one_is_linked_and_what_hangs_on_it_follows(*, in_scope: bool) -> None:
    """Also where it would be made in Gentrack in the same round."""
    twins = new_site(SF, in_scope=in_scope)
    twins.hear_all()
    twins.rounds()
    assert keys(twins) == {SF: "S1"}
    assert len(twins.ours["sites"]) == 1
    assert twins.equal()
    assert [(one.external_id, one.state) for one in twins.matches] == [("S1", LinkState.LINKED)]


def test_of_several_a_person_says_which_and_nothing_is_made_before() -> None:
    twins = new_site(SF, SF2, in_scope=True)
    twins.hear_all()
    twins.rounds()
    assert keys(twins) == {SF: None, SF2: None}
    assert len(twins.ours["sites"]) == 1
    twins.asked.clear()
    twins.asked_with.clear()
    twins.theirs[SF].in_scope = twins.theirs[SF2].in_scope = False
    twins.accepted["s1"] = SF2
    twins.hear(salesforce(twins, SF2))
    twins.rounds()
    assert keys(twins) == {SF: None, SF2: "S1"}
    assert not twins.letters
    assert [record.parents["Site__c"] for record in twins.theirs.values() if record.key == "M1"] == [SF2]


def test_what_a_person_rejected_is_made_and_never_proposed_again() -> None:
    twins = new_site(SF, SF2)
    twins.hear_all()
    twins.rounds()
    twins.asked.clear()
    twins.apart |= {("s1", SF), ("s1", SF2)}
    InboxTwin(twins).retry("", [letter.notice for letter in twins.letters.values()])
    twins.rounds()
    made = keys(twins)
    assert len(made) == 3
    assert list(made.values()).count("S1") == 1
    assert len(twins.matches) == 2


def test_killed_on_the_way_it_is_linked_once() -> None:
    undisturbed = new_site(SF)
    undisturbed.hear_all()
    before = undisturbed.copy()
    undisturbed.rounds()
    for die_at in range(before.steps + 1, undisturbed.steps + 1, 6):
        twins = before.copy()
        twins.die_at = die_at
        with pytest.raises(Killed):
            twins.rounds()
        twins.rounds()
        assert keys(twins) == {SF: "S1"}, die_at


def test_on_demand_it_is_the_same() -> None:
    twins = new_site(SF)
    done = synchronise_records(twins.parties, InboxTwin(twins), "site", keys=["S1"])
    assert done.results["S1"].salesforce_id == SF
    assert keys(twins) == {SF: "S1"}


def test_nobody_is_asked_where_nothing_is_made() -> None:
    twins = new_site(SF)

    def on_demand(direction: Direction | None = None) -> int:
        twins.looked = 0
        synchronise_records(twins.parties, InboxTwin(twins), "site", keys=["S1"], direction=direction)
        return twins.looked

    assert on_demand(Direction.TO_GENTRACK) == 0
    assert on_demand() == 1
    assert on_demand() == 0
