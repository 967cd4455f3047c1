"""The composition root: what a connection of an instance is made of."""

from pathlib import Path

import pytest

from connector.bootstrap import connect
from connector.errors import SettingsInvalid
from connector.settings import Settings

INSTANCE = """
id = "1"
name = "Nowhere"
[salesforce]
url = "https://127.0.0.1:1"
[gentrack]
url = "http://127.0.0.1:1"
[load]
give_up_after = {seconds}
"""


@pytest.mark.parametrize(("seconds", "hurried"), [(900, 20), (5, 5)])
def test_in_a_hurry_no_side_is_waited_for_longer_than_20_seconds(
    tmp_path: Path, seconds: int, hurried: int
) -> None:
    (tmp_path / "1.toml").write_text(INSTANCE.format(seconds=seconds), "utf-8")
    at = connect("1", Settings(instances_folder=tmp_path))
    assert at.hurried().instance.load.give_up_after == hurried
    assert at.instance.load.give_up_after == seconds


def test_terms_of_an_entity_that_there_is_none_of_are_refused_before_anything_runs(tmp_path: Path) -> None:
    section = '[ongoing.entities.acount]\ndrift = "report"\n'
    (tmp_path / "1.toml").write_text(INSTANCE.format(seconds=5) + section, "utf-8")
    with pytest.raises(SettingsInvalid, match=r"ongoing\.entities names what is no entity: acount"):
        connect("1", Settings(instances_folder=tmp_path))
