"""A decision has a number of its own, and whoever names one names one that is there."""

import re
from collections import Counter
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DECISIONS = PROJECT / "docs" / "decisions"
_FOLDERS = (
    *("bench", "connector", "deployments", "docs", "eventbus", "flows"),
    *("instances", "salesforce", "sandbox", "tasks", "tests"),
)
_WRITTEN = {".md", ".py", ".toml", ".xml", ".yaml"}
TEXTS = [
    *PROJECT.glob("*.*"),
    *(file for folder in _FOLDERS for file in (PROJECT / folder).rglob("*")),
]
_PATH = re.compile(r"\bdecisions/([\w.-]+\.md)")
_BESIDE = re.compile(r"\]\((\d{4}-[\w-]+\.md)")
_NUMBERED = re.compile(r"\[(?:decision )?(\d+)\]\((?:[\w./]*/)?(\d{4})-[\w-]+\.md")


def written() -> list[tuple[str, str]]:
    """Where something stands, and what."""
    files = [file for file in TEXTS if file.suffix in _WRITTEN and file.is_file()]
    return [(str(file.relative_to(PROJECT)), file.read_text("utf-8")) for file in files]


def test_no_number_is_used_twice_and_the_title_bears_it() -> None:
    numbers = Counter(file.name[:4] for file in DECISIONS.glob("*.md"))
    assert [number for number, files in numbers.items() if files > 1] == []
    for file in DECISIONS.glob("*.md"):
        assert file.read_text("utf-8").startswith(f"# {int(file.name[:4])}. "), file.name


@pytest.mark.parametrize("form", [_PATH, _BESIDE])
def test_every_decision_that_is_named_is_there(form: re.Pattern[str]) -> None:
    named = [(where, name) for where, text in written() for name in form.findall(text)]
    assert named, "nothing is named in this form"
    assert [one for one in named if not (DECISIONS / one[1]).exists()] == []


def test_a_decision_is_named_by_its_own_number() -> None:
    named = [(where, *pair) for where, text in written() for pair in _NUMBERED.findall(text)]
    assert len(named) > 5
    assert [one for one in named if int(one[1]) != int(one[2])] == []
