"""What the page on coverage says is what the code does."""

from sandbox.salesforce.coverage import FILE, coverage


def test_the_page_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == coverage(), "run python -m sandbox.salesforce.coverage"
