"""What is agreed at the end of a run is what `decide` compares with, whatever the values are."""

import numpy as np
import pytest

from connector.entities import registry
from connector.mapping.agreement.agreed import agreed
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.hashes import UNKNOWN, packed
from connector.mapping.agreement.lines import lines_of
from connector.mapping.agreement.sides import sides_of
from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import EntitySpec

VALUES = [None, "", "a", "A", " a ", "a\r\nb", "a\nb\nc\nd", "a\nb\nc, d", "b;a", "a;b", "Main", "GB", "Y"]
VALUES += ["United Kingdom", "true", "1", "1.0", "1.004", "2026-11-24", "2026-11-24T10:00:00Z"]
ROWS = 400


@pytest.mark.parametrize("spec", registry(), ids=lambda spec: spec.name)
def test_equal_lines_have_the_hash_that_both_sides_have_and_the_others_none(spec: EntitySpec) -> None:
    lines = lines_of(spec)
    chosen = np.random.default_rng(1)
    records = batch_of(spec, [{} for _ in range(ROWS)])
    for name in records.columns:
        if name.startswith(("g.", "s.", "parent.", "parent_id.")) and not name.endswith(".there"):
            drawn = chosen.integers(len(VALUES), size=ROWS)
            records[name] = np.array(VALUES, dtype=object)[drawn]
            records[name] = records[name].astype(TEXT)
    sides = sides_of(spec, lines, records)
    assert sides.equal.any()
    assert (~sides.equal).any(axis=0).all()
    hashes = np.where(sides.equal, sides.gentrack, UNKNOWN)
    expected = packed(np.hstack([hashes, sides.held]), records.index)
    assert list(agreed(spec, records)) == list(expected)
