"""What the sandbox's README and the contract promise is what there is."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from sandbox.gentrack.faults import Fault, FaultKind
from sandbox.gentrack.webhooks import DeliveryFault, DeliveryFaultKind
from sandbox.gentrack.webhooks.habits import Habits
from sandbox.overlap import OverlapKind
from sandbox.seed import Dataset, Record

ROOT = Path(__file__).parents[2]
README = (ROOT / "sandbox" / "README.md").read_text()
CONTRACT = (ROOT / "docs" / "gentrack-contract.md").read_text()


def _paths(record: Record) -> set[str]:
    return {name for name in record if name != "links"}


def test_every_option_stands_in_the_readme() -> None:
    command = [sys.executable, "-m", "sandbox", "--help"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    options = set(re.findall(r"--[a-z-]+", printed)) - {"--help"}
    assert options
    assert {option for option in options if f"`{option}`" not in README} == set()


def test_every_control_address_stands_in_the_readme() -> None:
    source = "".join((ROOT / "sandbox" / name).read_text() for name in ("control.py", "webhook_control.py"))
    offered = {
        f"{method or 'GET'} {path}"
        for path, method in re.findall(r'Route\("(/[\w/]+)", [\w.]+(?:, methods=\["(\w+)"\])?', source)
    }
    assert {entry for entry in offered if f"`{entry}`" not in README} == set()


def test_every_part_of_a_fault_and_every_overlap_stands_in_the_readme() -> None:
    faults = {field.name for fault in (Fault, DeliveryFault) for field in fields(fault)}
    named = [*faults, *FaultKind, *DeliveryFaultKind, *OverlapKind, *Habits.model_fields]
    assert {name for name in named if f"`{name}`" not in README} == set()


def test_every_resource_and_field_stands_in_the_contract() -> None:
    for table in Dataset(100).tables:
        assert f"`{table.name}`" in CONTRACT
        names = _paths(next(iter(table)))
        missing = {name for name in names if f"`{name}`" not in CONTRACT and f"`{name}." not in CONTRACT}
        assert missing == set(), table.name
