"""The composition root: what a connection of an instance is made of."""

import subprocess
import sys
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


@pytest.mark.parametrize(
    ("lines", "channels"),
    [
        ("", []),
        ('events = "triggers"', ["/event/Gentrack_Object_Event__e"]),
        ('events = "change"\nevent_channel = "/data/Gentrack__chn"', ["/data/Gentrack__chn"]),
        (
            'events = "both"',
            [
                "/event/Gentrack_Object_Event__e",
                "/data/Product2ChangeEvent",
                "/data/PricebookEntryChangeEvent",
                "/data/Service_Point__ChangeEvent",
                "/data/ContractChangeEvent",
                "/data/OrderChangeEvent",
            ],
        ),
        (
            'events = "change"',
            [
                "/data/Product2ChangeEvent",
                "/data/PricebookEntryChangeEvent",
                "/data/AccountChangeEvent",
                "/data/ContactChangeEvent",
                "/data/AccountContactRelationChangeEvent",
                "/data/Service_Point__ChangeEvent",
                "/data/ContractChangeEvent",
                "/data/OrderChangeEvent",
                "/data/OrderItemChangeEvent",
            ],
        ),
    ],
)
def test_an_instance_says_what_it_listens_to(tmp_path: Path, lines: str, channels: list[str]) -> None:
    text = INSTANCE.format(seconds=5).replace("[gentrack]", f"{lines}\n[gentrack]")
    (tmp_path / "1.toml").write_text(text, "utf-8")
    at = connect("1", Settings(instances_folder=tmp_path))
    assert sorted(at.channels) == sorted(channels)
    if not channels:
        assert at.subscription(ask_poll=lambda: None) is None


def test_a_channel_that_nothing_uses_is_refused(tmp_path: Path) -> None:
    text = INSTANCE.format(seconds=5).replace(
        "[gentrack]", 'event_channel = "/data/ChangeEvents"\n[gentrack]'
    )
    (tmp_path / "1.toml").write_text(text, "utf-8")
    with pytest.raises(
        SettingsInvalid, match="event_channel is set, which only events = 'change' or 'both' use"
    ):
        connect("1", Settings(instances_folder=tmp_path))


def test_whoever_does_not_listen_loads_no_grpc() -> None:
    program = "import sys, connector.bootstrap; print(sorted({'grpc', 'fastavro'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
