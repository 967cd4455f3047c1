"""A site and its meter that both sides agree on, and notices of their records."""

from connector.model.change import Notice, Side
from tests.unit.sync.ongoing.ongoing_twins import Twins

SF, SF2 = "a00000000000000001", "a00000000000000002"


def agreed() -> Twins:
    """A site and its meter, equal on both sides, as a first round leaves them."""
    twins = Twins()
    twins.site("S1", SF, title="Mill", tariff="day", memo="old")
    twins.meter("M1", "S1", SF2, status="on")
    twins.hear_all()
    twins.rounds()
    twins.written.clear()
    return twins


def gentrack(twins: Twins, number: str) -> Notice:
    for resource, records in twins.ours.items():
        for one, record in records.items():
            if record["number"] == number:
                return Notice(Side.GENTRACK, resource, str(one))
    raise AssertionError(number)


def salesforce(twins: Twins, one: str) -> Notice:
    return Notice(Side.SALESFORCE, twins.theirs[one].entity.salesforce_object, one)
