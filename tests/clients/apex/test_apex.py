"""The Apex of the Salesforce source is parsed; nothing here compiles it."""

import subprocess
from pathlib import Path

import pytest

from tests.clients.node import run_node

pytestmark = pytest.mark.clients
HERE = Path(__file__).parent
SOURCE = HERE.parents[2] / "salesforce" / "force-app" / "main" / "default"


def parse(source: Path) -> subprocess.CompletedProcess[str]:
    return run_node("parse.js", str(source), folder=HERE)


def test_every_class_and_trigger_parses() -> None:
    files = [*SOURCE.glob("classes/*.cls"), *SOURCE.glob("triggers/*.trigger")]
    done = parse(SOURCE)
    assert (done.returncode, done.stdout) == (0, f"{len(files)} files parsed\n"), done.stdout + done.stderr
    assert len(files) > 4


def test_a_syntax_error_is_noticed(tmp_path: Path) -> None:
    for folder in ("classes", "triggers"):
        (tmp_path / folder).mkdir()
    (tmp_path / "classes" / "Broken.cls").write_text("public class Broken { void f( }", encoding="utf-8")
    assert parse(tmp_path).returncode == 1
