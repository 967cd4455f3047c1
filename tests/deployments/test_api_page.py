"""docs/api.md says what the API says: every call, every problem."""

from pathlib import Path

from connector.api import problem_kinds
from deployments.api_page import FILE, main, with_tables


def test_the_page_is_up_to_date() -> None:
    page = FILE.read_text("utf-8")
    assert page == with_tables(page), "run `make docs`"
    assert "`POST /v1/salesforce/instances/{instance}/sync-jobs` | Synchronise one record now" in page
    assert all(f"| `{kind.code}` | {kind.status} |" in page for kind in problem_kinds.ALL)


def test_it_is_written_where_it_is_told(tmp_path: Path) -> None:
    file = tmp_path / "api.md"
    file.write_text("a\n<!-- problems: x -->\nstale words\n<!-- end -->\nb\n", "utf-8")
    main(file)
    assert "stale words" not in file.read_text("utf-8")
    assert file.read_text("utf-8").startswith("a\n<!-- problems: x -->\n| code |")
