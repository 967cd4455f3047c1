"""A mapping has the same fingerprint for as long as it would decide the same."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from connector.entities import entity, registry
from connector.mapping.converters import value_map
from connector.mapping.fingerprint import fingerprint
from connector.mapping.vocabulary import EntitySpec, Master, NullPolicy

ACCOUNT = entity("account")


def with_first_field(**changed: object) -> EntitySpec:
    first, *others = ACCOUNT.fields
    return replace(ACCOUNT, fields=(replace(first, **changed), *others))  # type: ignore[arg-type]


CHANGES: dict[str, Callable[[], EntitySpec]] = {
    "master": lambda: with_first_field(master=Master.SHARED),
    "null policy": lambda: with_first_field(null_policy=NullPolicy.LEAVE),
    "converter": lambda: with_first_field(converter=value_map("letters", {"a": "b"})),
    "source column": lambda: with_first_field(source="other"),
    "field left out": lambda: replace(ACCOUNT, fields=ACCOUNT.fields[1:]),
    "source SQL": lambda: replace(ACCOUNT, source=replace(ACCOUNT.source, sql="SELECT 1")),
    "resource": lambda: replace(ACCOUNT, source=replace(ACCOUNT.source, resources=())),
    "rules": lambda: replace(ACCOUNT, matching=ACCOUNT.matching[1:]),
    "key": lambda: replace(ACCOUNT, key=("id",)),
    "parents": lambda: replace(ACCOUNT, parents=()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_differs_where_the_mapping_does(change: str) -> None:
    assert fingerprint([CHANGES[change]()], {}) != fingerprint([ACCOUNT], {})


def test_values_of_a_converter_count() -> None:
    first, second = (with_first_field(converter=value_map("letters", {"a": letter})) for letter in "xy")
    assert fingerprint([first], {}) != fingerprint([second], {})


def test_choices_of_the_instance_count() -> None:
    assert fingerprint([ACCOUNT], {"off": []}) != fingerprint([ACCOUNT], {"off": ["account.name"]})


def test_it_is_the_same_in_another_process() -> None:
    code = (
        "from connector.entities import registry; from connector.mapping.fingerprint import fingerprint;"
        "import sys; sys.stdout.write(fingerprint(registry(), {'a': 1}))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == fingerprint(registry(), {"a": 1})
    assert len(told.stdout) == 64
