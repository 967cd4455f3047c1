"""docs/ongoing-decisions.md says what the rules decide: every case of a field and a record stands on it."""

from pathlib import Path

from connector.mapping.agreement.field_cases import CASES, FieldCase
from connector.mapping.agreement.record_cases import RECORD_CASES
from connector.mapping.vocabulary import Master
from deployments.decision_examples import CHANGES, FIXED_PARENTS, PARENTS, POLICIES
from deployments.decisions_page import FILE, decisions_page, main
from deployments.record_examples import RECORDS


def test_the_page_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == decisions_page(), "run `make docs`"


def test_every_case_of_a_field_is_shown_by_an_example() -> None:
    shown = {example.case(master)[0] for example in CHANGES for master in Master}
    shown |= {example.case(master)[0] for master, example in POLICIES}
    shown |= {example.case()[1] for example in (*PARENTS, *FIXED_PARENTS)}
    assert set(CASES) - shown == {FieldCase.NOT_ASKED}


def test_every_case_of_a_record_is_shown_by_an_example() -> None:
    shown = {example.case() for example in RECORDS} | {example.case()[0] for example in FIXED_PARENTS}
    assert shown == set(RECORD_CASES)


def test_no_example_stands_twice() -> None:
    told = [example.what for example in RECORDS]
    assert len(set(told)) == len(told)


def test_every_row_has_as_many_cells_as_its_table() -> None:
    tables = [part.splitlines() for part in decisions_page().split("\n\n") if part.startswith("|")]
    assert len(tables) == len(Master) + 3
    for table in tables:
        assert {line.count("|") for line in table} == {table[0].count("|")}
        assert not [line for line in table if "None" in line]


def test_it_is_written_where_it_is_told(tmp_path: Path) -> None:
    main(tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text("utf-8").startswith("# How ongoing synchronisation decides\n")
