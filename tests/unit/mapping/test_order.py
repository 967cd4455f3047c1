"""Dependency order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import SettingsInvalid
from connector.mapping.order import in_dependency_order
from tests.unit.mapping.mapping_specs import entity_of


def test_parents_go_before_children_and_equals_by_name() -> None:
    entities = [entity_of("order", "account"), entity_of("account"), entity_of("product"), entity_of("bill")]
    names = [spec.name for spec in in_dependency_order(entities)]
    assert names == ["account", "bill", "product", "order"]


def test_names_decide_among_equals_whatever_their_children_are_called() -> None:
    entities = [entity_of("a", "z"), entity_of("z"), entity_of("b")]
    assert [spec.name for spec in in_dependency_order(entities)] == ["b", "z", "a"]


@given(st.permutations(range(6)))
def test_the_order_does_not_depend_on_where_an_entity_stands(order: list[int]) -> None:
    chain = [entity_of(f"e{n}", *([f"e{n - 1}"] if n else [])) for n in range(6)]
    assert list(in_dependency_order([chain[n] for n in order])) == chain


def test_entities_that_are_each_others_parents_are_refused_by_name() -> None:
    with pytest.raises(SettingsInvalid, match=r"each other's parents: .*contract"):
        in_dependency_order([entity_of("contract", "order"), entity_of("order", "contract")])


def test_a_parent_that_is_no_entity_is_refused_by_name() -> None:
    with pytest.raises(SettingsInvalid, match="Entity order has parents that are no entities: acount"):
        in_dependency_order([entity_of("order", "acount")])


def test_two_entities_of_one_name_are_refused() -> None:
    with pytest.raises(SettingsInvalid, match="the same name"):
        in_dependency_order([entity_of("order"), entity_of("order")])
