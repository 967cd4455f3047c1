"""The files that a person copies are true: they name every setting there is, and nothing else."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic_settings import BaseSettings

from connector.errors import SettingsInvalid
from connector.instance import Instance, load_instance
from connector.settings import InstanceBlocks, InstanceSecrets, Settings, load_settings

PROJECT = Path(__file__).parents[2]


def names(model: type[BaseModel], prefix: str, separator: str) -> set[str]:
    """The full names of a model's values, those of its parts included."""
    found = set()
    for name, field in model.model_fields.items():
        parts = [part for part in (field.annotation, *getattr(field.annotation, "__args__", ())) if part]
        inner = [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
        if inner:
            found |= names(inner[0], f"{prefix}{name}{separator}", separator)
        else:
            found.add(prefix + name)
    return found


def test_the_example_instance_is_valid_and_names_every_line_there_is() -> None:
    instance = load_instance(PROJECT / "instances", "example")
    assert instance.email.recipients
    named, section = set(), ""
    for line in (PROJECT / "instances" / "example.toml").read_text("utf-8").splitlines():
        if header := re.match(r"(?:# )?\[+([\w.]+)\]", line):
            section = f"{header[1]}.".replace(".entities.account.", ".entities.")
        if setting := re.match(r"(?:# )?(\w+) = ", line):
            named.add(section + setting[1])
    assert named == names(Instance, "", ".")


def test_the_defaults_that_the_example_instance_shows_are_the_defaults() -> None:
    shown = dict(
        re.findall(
            r"^# (\w+) = ([\w.\"]+)", (PROJECT / "instances" / "example.toml").read_text(), re.MULTILINE
        )
    )
    instance = load_instance(PROJECT / "instances", "example")
    for section in (instance.load, instance.gentrack):
        for name, value in section.model_dump(exclude_unset=False).items():
            if name in shown and value is not None:
                assert str(value) == shown[name].strip('"'), name


def test_the_example_environment_names_every_setting_there_is() -> None:
    text = (PROJECT / ".env.example").read_text("utf-8")
    named = {name.lower() for name in re.findall(r"^(?:# )?CONNECTOR_(\w+)=", text, re.MULTILINE)}
    known = {n for n in names(Settings, "", "__") if not n.startswith(("secrets__", "blocks__"))}
    for kind, of_an_instance in (("secrets", InstanceSecrets), ("blocks", InstanceBlocks)):
        known |= {f"{kind}__61668309__{name}" for name in names(of_an_instance, "", "__")}
    assert named == known | {"home"}


def test_the_example_environment_copied_as_it_is_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert issubclass(Settings, BaseSettings)
    (tmp_path / ".env").write_text((PROJECT / ".env.example").read_text("utf-8"), "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsInvalid, match="client_secret still holds a placeholder"):
        load_settings()
