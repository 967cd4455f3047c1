"""docs/mapping.md says what the registry says: every entity, every line, every rule."""

from pathlib import Path

from connector.entities import registry
from deployments.mapping_page import FILE, main, mapping_page


def test_the_page_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == mapping_page(), "run `make docs`"


def test_every_entity_field_parent_and_anchor_stands_on_it() -> None:
    sections = {part.partition("\n")[0]: part for part in mapping_page().split("\n## ")[1:]}
    assert list(sections) == [spec.name for spec in registry()]
    for spec in registry():
        section = sections[spec.name]
        for line in spec.fields:
            (row,) = [row for row in section.splitlines() if row.startswith(f"| `{line.api_name}` |")]
            assert all(f"`{source}`" in row for source in line.sources)
            assert f"| {line.master.value} |" in row
        for parent in spec.parents:
            assert f"Parent: `{parent.field}` is the {parent.entity} of `{parent.key}`" in section
        for anchor in spec.anchors:
            assert anchor.query in section
        for rule in spec.matching:
            assert f"Found at first by {rule.name}" in section
        assert ("Finished after" in section) == (spec.finished_after is not None)
        assert ("Found by its parents" in section) == spec.found_by_parents


def test_it_is_written_where_it_is_told(tmp_path: Path) -> None:
    main(tmp_path / "mapping.md")
    assert (tmp_path / "mapping.md").read_text("utf-8").startswith("# The mapping\n")
