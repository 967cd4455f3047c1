"""The Apex of the Salesforce source is parsed. Its parser is installed by ``make test-clients``."""

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "apex"
SOURCE = Path(__file__).parents[2] / "salesforce" / "force-app" / "main" / "default"
installed = pytest.mark.skipif(
    not (FOLDER / "node_modules").is_dir(), reason="the parser is not installed here"
)


def parse(source: Path) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    assert node is not None, "no Node.js here"
    command = [node, "parse.js", str(source)]
    return subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)


@installed
def test_every_class_and_trigger_parses() -> None:
    done = parse(SOURCE)

    assert (done.returncode, done.stdout) == (0, "8 files parsed\n"), done.stdout + done.stderr


@installed
def test_a_syntax_error_is_noticed(tmp_path: Path) -> None:
    for folder in ("classes", "triggers"):
        (tmp_path / folder).mkdir()
    (tmp_path / "classes" / "Broken.cls").write_text("public class Broken { void f( }", encoding="utf-8")

    assert parse(tmp_path).returncode == 1
