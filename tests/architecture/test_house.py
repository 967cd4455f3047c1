"""The house as the design draws it: names, sizes and words, held by tests."""

import ast
import re
from pathlib import Path
from statistics import median

import pytest

from connector import errors
from connector.model.run import Stage

PROJECT = Path(__file__).parents[2]
PACKAGES = ("connector", "deployments", "eventbus", "flows", "sandbox", "tasks")
MODULES = sorted(file for package in PACKAGES for file in (PROJECT / package).rglob("*.py"))
LARGEST = 400
SHAPELESS = {"utils", "util", "helpers", "helper", "common", "manager"}
_MACHINERY = {
    "block_kinds",
    "blocks",
    "connection",
    "credential_blocks",
    "lease",
    "living_artifact",
    "mail",
    "once",
    "progress",
    "s3_block",
    "stages",
    "standby",
    "task",
}
"""Modules of tasks/ that are no stage: what all of its tasks share."""


def named(file: Path) -> str:
    return str(file.relative_to(PROJECT))


def called_in(file: Path) -> set[str]:
    """The plain names that a module calls."""
    calls = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def lines_of(file: Path) -> int:
    return len(file.read_text("utf-8").splitlines())


def test_tasks_and_verbs_share_the_names_of_their_files() -> None:
    verbs = {file.stem for file in (PROJECT / "connector" / "sync").iterdir()}
    tasks = {file.stem for file in (PROJECT / "tasks").glob("*.py")} - {"__init__"}
    assert tasks - verbs == _MACHINERY


def test_every_stage_has_a_task_and_a_verb_of_its_name() -> None:
    for stage in Stage:
        name = stage.replace("-", "_")
        assert (PROJECT / "tasks" / f"{name}.py").exists()
        verb = PROJECT / "connector" / "sync" / name
        assert verb.is_dir() or verb.with_suffix(".py").exists()


def test_every_module_opens_by_saying_why_it_exists() -> None:
    told = {file: ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "" for file in MODULES}
    assert [named(file) for file, text in told.items() if len(text.split()) < 4] == []


def test_no_module_is_long_or_named_after_nothing() -> None:
    assert [named(file) for file in MODULES if lines_of(file) > LARGEST] == []
    assert [named(file) for file in MODULES if SHAPELESS & set(file.stem.split("_"))] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_are_about_a_hundred_lines(package: str) -> None:
    sizes = [lines_of(file) for file in (PROJECT / package).rglob("*.py") if file.name != "__init__.py"]
    assert median(sizes) <= 130


def test_nothing_prints() -> None:
    assert [named(file) for file in MODULES if "print" in called_in(file)] == []


def test_the_tree_of_errors_in_its_docstring_is_the_real_one() -> None:
    drawn = dict[str, str]()
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^ {4}((?:[│ ] {3}|[├└]── )*)(\w+)", line)
        if found:
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            drawn[found[2]] = path[depth - 1] if depth else "Exception"
    real = {
        name: kind.mro()[1].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert drawn == real
    assert len(drawn) > 10


def test_every_error_that_somebody_catches_says_what_to_do() -> None:
    """An error of the tree has a docstring of its own, not that of its parent."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    told = [kind.__doc__ for kind in kinds]
    assert all(told)
    assert len(set(told)) == len(told)


def test_batches_travel_by_reference() -> None:
    """Tasks pass batches and names: no task takes or gives a frame or a table."""
    for file in (PROJECT / "tasks").glob("*.py"):
        imported = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            for alias in getattr(node, "names", [])
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        assert not imported & {"pandas", "pyarrow", "duckdb"}, file.name
