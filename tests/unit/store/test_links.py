"""Links and reviews on a real PostgreSQL: one to one, decided once, told twice kept once."""

import time
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pytest

from connector.model.link import Decision, LinkState, Match
from connector.model.run import Run
from connector.model.write_back import FieldCount, WriteBack, WriteBackMode
from connector.store.ledger import SqlLedger, open_ledger

ACCEPTED, REJECTED = LinkState.ACCEPTED, LinkState.REJECTED
LINK = ("external_id", "salesforce_id", "rule", "state")
MANY = 100_000


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


@pytest.fixture
def run(ledger: SqlLedger) -> Run:
    return ledger.run_started("run-1", "61668309", "initial")


def table(columns: Iterable[str], *rows: tuple[str, ...]) -> pa.Table:
    return pa.table({n: pa.array([row[i] for row in rows], pa.string()) for i, n in enumerate(columns)})


def keep(
    ledger: SqlLedger, run: Run, *links: tuple[str, str], stale: tuple[tuple[str, str], ...] = ()
) -> None:
    linked = table(LINK, *((*pair, "email", "linked") for pair in links))
    ledger.links.keep_links(run, "contact", linked=linked.to_batches(), stale=table(LINK[:2], *stale))


def propose(
    ledger: SqlLedger, run: Run, *pairs: tuple[str, str], stale: tuple[tuple[str, str], ...] = ()
) -> None:
    proposed = table(LINK[:3], *((*pair, 'a, "rule"\nof two lines') for pair in pairs))
    ledger.links.keep_proposals(run, "contact", proposed=proposed.to_batches(), stale=table(LINK[:2], *stale))


def pairs(found: pa.Table) -> set[tuple[str, ...]]:
    return {tuple(row.values())[:2] for row in found.to_pylist()}


def decide(ledger: SqlLedger, key: str, record: str, state: LinkState) -> str | None:
    return ledger.reviews.decide("61668309", Decision("contact", key, record, state, "said so"), by="Tui")


def open_pairs(ledger: SqlLedger) -> set[tuple[str, str]]:
    return {(p.external_id, p.salesforce_id) for p in ledger.reviews.proposals("61668309")}


def test_links_stay_one_to_one_whatever_is_found_later(ledger: SqlLedger, run: Run) -> None:
    for _ in range(2):
        keep(ledger, run, ("C1", "X1"), ("C2", "X2"))
    keep(ledger, run, ("C1", "X2"))
    assert pairs(ledger.links.links(run, "contact")) == {("C1", "X2")}
    keep(ledger, run, stale=(("C1", "X2"),))
    assert pairs(ledger.links.links(run, "contact")) == set()


def test_links_of_another_entity_or_instance_are_others(ledger: SqlLedger, run: Run) -> None:
    keep(ledger, run, ("C1", "X1"))
    assert ledger.links.links(run, "account").num_rows == 0
    assert ledger.links.links(Run("run-2", "other", "initial", run.started_at), "contact").num_rows == 0


def test_a_proposal_that_is_found_no_longer_goes_and_a_decision_stays(ledger: SqlLedger, run: Run) -> None:
    propose(ledger, run, ("C1", "X1"), ("C2", "X2"))
    assert decide(ledger, "C1", "X1", REJECTED) is None
    assert pairs(ledger.links.proposals(run, "contact")) == {("C2", "X2")}
    propose(ledger, run, ("C1", "X1"), ("C3", "X3"), stale=(("C1", "X1"), ("C2", "X2")))
    assert open_pairs(ledger) == {("C3", "X3")}
    assert pairs(ledger.links.decisions(run, "contact")) == {("C1", "X1")}


def test_accepting_a_pair_rejects_the_others_of_its_two_records(ledger: SqlLedger, run: Run) -> None:
    propose(ledger, run, ("C1", "X1"), ("C1", "X2"), ("C2", "X1"), ("C2", "X2"))
    assert decide(ledger, "C1", "X1", ACCEPTED) is None
    assert open_pairs(ledger) == {("C2", "X2")}
    (accepted,) = ledger.reviews.proposals("61668309", states=[ACCEPTED])
    assert (accepted.decided_by, accepted.note, accepted.decided_at is None) == ("Tui", "said so", False)
    rejected = ledger.reviews.proposals("61668309", states=[REJECTED])
    assert {(p.external_id, p.salesforce_id) for p in rejected} == {("C1", "X2"), ("C2", "X1")}


def test_a_decision_is_made_once(ledger: SqlLedger, run: Run) -> None:
    propose(ledger, run, ("C1", "X1"))
    assert decide(ledger, "C1", "X1", ACCEPTED) is None
    assert decide(ledger, "C1", "X1", ACCEPTED) is None
    assert decide(ledger, "C1", "X1", REJECTED) == "It is accepted already, by Tui."
    assert decide(ledger, "C1", "X9", REJECTED) == "There is no such proposal."


def test_a_link_of_a_rule_waits_for_a_review_until_somebody_confirms_or_breaks_it(
    ledger: SqlLedger, run: Run
) -> None:
    keep(ledger, run, ("C1", "X1"), ("C2", "X2"), ("C3", "X3"))
    assert open_pairs(ledger) == set(), "nobody has to"
    assert pairs(ledger.links.unreviewed(run, "contact")) == {("C1", "X1"), ("C2", "X2"), ("C3", "X3")}
    assert decide(ledger, "C1", "X1", ACCEPTED) is None
    assert decide(ledger, "C2", "X2", REJECTED) is None
    assert pairs(ledger.links.unreviewed(run, "contact")) == {("C2", "X2"), ("C3", "X3")}
    assert pairs(ledger.links.links(run, "contact")) == {("C3", "X3")}, "C1's is a person's, C2's is none"
    decided = {row["external_id"]: row["state"] for row in ledger.links.decisions(run, "contact").to_pylist()}
    assert decided == {"C1": "accepted", "C2": "rejected"}
    keep(ledger, run, stale=(("C3", "X3"),))
    propose(ledger, run, ("C3", "X4"))
    assert pairs(ledger.links.unreviewed(run, "contact")) == {("C2", "X2")}
    keep(ledger, run, ("C3", "X4"))
    assert open_pairs(ledger) == set(), "what was proposed is linked"


def test_what_write_back_found_is_kept_by_its_run(ledger: SqlLedger, run: Run) -> None:
    assert ledger.write_backs.find(run.id) is None
    ledger.write_backs.keep(run, WriteBack(WriteBackMode.REPORT))
    told = WriteBack(WriteBackMode.WRITE, (FieldCount("Account", "Fax", "written", "", 3, ""),), records=2)
    ledger.write_backs.keep(run, told)
    assert ledger.write_backs.find(run.id) == told


def test_many_decisions_are_kept_each_for_itself(ledger: SqlLedger, run: Run) -> None:
    propose(ledger, run, ("C1", "X1"), ("C1", "X2"), ("C3", "X3"))
    said = [("C1", "X1", ACCEPTED), ("C1", "X2", ACCEPTED), ("C3", "X3", REJECTED)]
    answers = ledger.reviews.decide_all("61668309", [Decision("contact", *one) for one in said], by="Tui")
    assert answers == [None, "It is rejected already, by Tui.", None]
    assert open_pairs(ledger) == set()


def test_a_hundred_thousand_links_take_seconds(ledger: SqlLedger, run: Run) -> None:
    links = [(f"C{n}", f"003{n:015}") for n in range(MANY)]
    began = time.perf_counter()
    keep(ledger, run, *links)
    propose(ledger, run, *links)
    assert time.perf_counter() - began < 60
    assert ledger.links.links(run, "contact").num_rows == MANY


def test_keys_come_back_to_the_letter(ledger: SqlLedger, run: Run) -> None:
    keys = ("00012", "NA", "null", ' a, "b"\nc', "1E5")
    keep(ledger, run, *((key, f"003{place}") for place, key in enumerate(keys)))
    found = ledger.links.links(run, "contact")
    assert found.schema.types == [pa.string(), pa.string()]
    assert pairs(found) == {(key, f"003{place}") for place, key in enumerate(keys)}
    assert ledger.links.links(run, "account").num_rows == 0


def test_what_a_round_found_stands_among_links_and_reviews_and_decisions_stay(
    ledger: SqlLedger, run: Run
) -> None:
    reviews = ledger.reviews
    found = [
        Match("C1", "X1", "email", LinkState.LINKED),
        Match("C2", "X2", "name", LinkState.PROPOSED),
        Match("C2", "X3", "name", LinkState.PROPOSED),
    ]
    for _ in range(2):
        reviews.keep_matches("61668309", "contact", found)
    assert pairs(ledger.links.links(run, "contact")) == {("C1", "X1")}
    assert reviews.open_of("61668309", "contact", ["c1", "c2"]) == {"c2": 2}
    assert reviews.open_with("61668309", "contact", ["X1", "X2", "X9"]) == {"X2": 1}
    assert reviews.about("61668309", "contact", keys=["c1"], ids=["X3"]) == [found[0], found[2]]
    decision = Decision("contact", "C2", "X3", ACCEPTED)
    assert reviews.decide("61668309", decision, by="Aroha") is None
    reviews.keep_matches("61668309", "contact", found)
    states = {
        one.salesforce_id: one.state for one in reviews.about("61668309", "contact", keys=["c2"], ids=[])
    }
    assert states == {"X2": REJECTED, "X3": ACCEPTED}


def test_a_record_that_a_round_links_anew_has_one_link(ledger: SqlLedger, run: Run) -> None:
    for key, one in (("C1", "X1"), ("C1", "X2"), ("C3", "X2")):
        ledger.reviews.keep_matches("61668309", "contact", [Match(key, one, "email", LinkState.LINKED)])
    assert pairs(ledger.links.links(run, "contact")) == {("C3", "X2")}
