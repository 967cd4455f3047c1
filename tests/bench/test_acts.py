"""What people do is the same for the same seed, and all that is promised happens."""

import random
from collections import Counter

import pytest

from bench.soak.acts import ACTS, Act, drawn
from bench.soak.picture import Picture
from bench.soak.targets import Targets, targets_of
from tests.bench.synchronised import synchronised

MANY = 1500


@pytest.fixture(scope="module")
def picture() -> Picture:
    return synchronised(60)


def acts_of(targets: Targets, seed: int) -> list[Act]:
    chance = random.Random(seed)
    return [drawn(targets, chance, list(ACTS)) for _ in range(MANY)]


def told(acts: list[Act]) -> list[tuple[object, ...]]:
    return [
        (act.name, *((s.side, s.deed, s.kind, s.record, str(s.fields)) for s in act.steps)) for act in acts
    ]


def test_the_seed_decides_what_people_do(picture: Picture) -> None:
    acts = told(acts_of(targets_of(picture, ()), 1))
    assert acts == told(acts_of(targets_of(picture, ()), 1))
    assert acts != told(acts_of(targets_of(picture, ()), 2))
    assert Counter(name for name, *_ in acts).keys() == ACTS.keys()


def test_what_was_deleted_in_salesforce_is_edited_there_no_more(picture: Picture) -> None:
    gone: set[object] = set()
    for act in acts_of(targets_of(picture, ()), 3):
        assert not gone & {step.record for step in act.steps if step.side == "salesforce"}
        gone |= {step.record for step in act.steps if step.deed == "delete"}
    assert gone


def test_both_sides_edit_one_record_at_once(picture: Picture) -> None:
    both = [act for act in acts_of(targets_of(picture, ()), 4) if act.name == "both at once"]
    assert both
    assert all([step.side for step in act.steps] == ["gentrack", "salesforce"] for act in both)


def test_records_that_are_not_equal_are_left_alone(picture: Picture) -> None:
    every = targets_of(picture, ())
    bad = {("account", pair.key.lower()) for pair in every.pairs["account"][1:]}
    assert [pair.key for pair in targets_of(picture, bad).pairs["account"]] == [every.pairs["account"][0].key]
