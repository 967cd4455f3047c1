"""Who owns a new record: rules in their order, whole columns at a time."""

import pytest

from connector.entities import entity, registry
from connector.errors import SettingsInvalid
from connector.instance import OwnerRuleSection
from connector.mapping.ownership import (
    OWNER_FIELD,
    OwnerRule,
    Owners,
    owner_of,
    refuse_unknown_entities,
    with_owner,
)
from connector.mapping.vocabulary import Field, Master
from tests.unit.mapping.mapping_columns import column, values_of

NORTH, SOUTH, ALL, GONE, QUEUE = "005N", "005S", "005A", "005G", "00GQ"
OWNERS = Owners(
    default=ALL,
    rules=(
        OwnerRule({"state": ("NSW", "Act"), "postcode_prefix": ("2", "03")}, NORTH),
        OwnerRule({"account_class": ("Invoice",)}, SOUTH),
    ),
    objects={"service_point": QUEUE},
    inactive=frozenset({GONE}),
)


def owner_line(name: str, owners: Owners = OWNERS) -> Field:
    (line,) = [line for line in with_owner(entity(name), owners).fields if line.api_name == OWNER_FIELD]
    return line


def test_the_first_rule_that_fits_counts_and_letter_case_does_not() -> None:
    line = owner_line("account")
    owners = line.converter.to_salesforce(
        column("Invoice", "invoice ", "Statement", None, "Statement"),
        column("nsw", "NSW", "ACT", None, "NSW"),
        column("AU", "AU", "AU", None, "AU"),
        column("2000", "3000", " 0312", None, None),
    )
    assert values_of(owners) == [NORTH, SOUTH, NORTH, ALL, ALL]


def test_without_a_default_nobody_is_named() -> None:
    line = owner_line("account", Owners(rules=OWNERS.rules))
    nothing = [column("Statement")] * 4
    assert values_of(line.converter.to_salesforce(*nothing)) == [None]


@pytest.mark.parametrize("name", ["contact", "contract", "order"])
def test_what_hangs_on_an_account_follows_its_owner_unless_that_one_has_left(name: str) -> None:
    line = owner_line(name)
    assert values_of(line.converter.to_salesforce(column(NORTH, GONE, None))) == [NORTH, ALL, ALL]
    assert owner_of(with_owner(entity(name), OWNERS)) == "AccountId"
    assert owner_of(entity(name)) is None


def test_an_entity_may_have_an_owner_of_its_own() -> None:
    spec = with_owner(entity("service_point"), OWNERS)
    assert values_of(owner_line("service_point").converter.to_salesforce(column("1", None))) == [QUEUE, QUEUE]
    assert owner_of(spec) is None


def test_an_owner_is_written_at_creation_only() -> None:
    assert owner_line("account").master is Master.SALESFORCE
    untouched = {"product", "pricebook_entry", "account_contact_relation", "order_item"}
    assert {spec.name for spec in registry() if with_owner(spec, OWNERS) == spec} == untouched


def test_an_instance_may_ask_for_just_what_an_account_can_tell() -> None:
    ownership = entity("account").ownership
    assert ownership
    asked = set(OwnerRuleSection.model_fields) - {"owner"}
    assert {criterion.name for criterion in ownership.criteria} == asked


def test_an_owner_for_what_has_none_is_refused() -> None:
    refuse_unknown_entities(registry(), ["service_point"])
    with pytest.raises(SettingsInvalid, match=r"what has no owner of its own: order_item, site\."):
        refuse_unknown_entities(registry(), ["site", "order_item"])
