"""The index of keys against a plain dictionary of lists."""

import random

import numpy as np

from sandbox.salesforce.storage.key_index import KeyIndex


def test_every_record_that_had_a_key_is_found() -> None:
    chance = random.Random(3)
    index, truth = KeyIndex(), dict[int, list[int]]()
    number = 0
    for _ in range(200):
        keys = [chance.randrange(3000) for _ in range(chance.choice([0, 1, 7, 200]))]
        numbers = list(range(number, number + len(keys)))
        number += len(keys)
        index.add(np.array(keys, np.uint64), np.array(numbers, np.int64))
        for key, each in zip(keys, numbers, strict=True):
            truth.setdefault(key, []).append(each)

    wanted = [chance.randrange(4000) for _ in range(500)]
    places, numbers_found = index.find(np.array(wanted, np.uint64))

    pairs = sorted(zip(places.tolist(), numbers_found.tolist(), strict=True))
    assert pairs == sorted((place, each) for place, key in enumerate(wanted) for each in truth.get(key, []))
    assert pairs


def test_an_empty_index_finds_nothing() -> None:
    places, numbers = KeyIndex().find(np.array([1, 2], np.uint64))

    assert (len(places), len(numbers)) == (0, 0)


def test_a_record_that_was_saved_again_with_its_key_is_found_once() -> None:
    """Its entries may stand in one run, or in several of different sizes."""
    index = KeyIndex()
    index.add(np.array([7, 8, 9, 10], np.uint64), np.array([1, 2, 3, 4], np.int64))
    index.add(np.array([7], np.uint64), np.array([1], np.int64))
    index.add(np.array([7, 7], np.uint64), np.array([1, 5], np.int64))
    places, numbers = index.find(np.array([8, 7], np.uint64))
    assert list(zip(places.tolist(), numbers.tolist(), strict=True)) == [(0, 2), (1, 1), (1, 5)]
