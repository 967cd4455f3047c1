"""Text in a query stays text."""

from connector.model.soql import soql_list, soql_text


def test_soql_text_can_not_be_left() -> None:
    assert soql_text("a\\' OR ''='\n") == r"'a\\\' OR \'\'=\'\n'"


def test_a_list_has_each_value_as_text() -> None:
    assert soql_list(["a", "b'"]) == r"'a', 'b\''"
