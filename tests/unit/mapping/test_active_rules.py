"""Which rules an instance uses, and what must be read for them."""

import pytest

from connector.entities import entity, registry
from connector.errors import SettingsInvalid
from connector.mapping.active_rules import ActiveRules
from connector.mapping.matching import Strength


def off(*entities: str) -> list[str]:
    return [f"{name}.{rule.name}" for name in entities for rule in entity(name).matching]


def read_unlinked(*switched_off: str) -> set[str]:
    rules = ActiveRules(registry(), switched_off)
    return {spec.name for spec in registry() if rules.read_unlinked(spec)}


def test_accounts_contacts_and_their_relations_are_read_with_records_without_a_key() -> None:
    assert read_unlinked() == {"account", "contact", "account_contact_relation"}
    assert read_unlinked(*off("account", "contact")) == set()


def test_contacts_are_read_for_a_rule_of_accounts_that_looks_at_them() -> None:
    assert read_unlinked(*off("contact")) == {"account", "contact", "account_contact_relation"}
    by_contact = ("account.name and email of a contact", "account.primary contact")
    assert read_unlinked(*off("contact"), by_contact[0]) == read_unlinked(*off("contact"))
    assert read_unlinked(*off("contact"), *by_contact) == {"account", "account_contact_relation"}


def test_a_rule_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(SettingsInvalid, match="compny number") as refused:
        ActiveRules(registry(), ["account.compny number"])
    assert "account.company number" in refused.value.todo


def test_only_what_the_design_calls_strong_links_by_itself() -> None:
    strong = {(s.name, r.name) for s in registry() for r in s.matching if r.strength is Strength.STRONG}
    assert strong == {("account", "company number"), ("contact", "email and last name")}


def test_a_rule_looks_at_mapped_fields_and_its_name_is_plain_text() -> None:
    for spec in registry():
        assert len({rule.name for rule in spec.matching}) == len(spec.matching)
        for rule in spec.matching:
            assert rule.name.replace(" ", "").replace(",", "").isalpha()
            for agreement in rule.agreements:
                owner = entity(agreement.child.entity) if agreement.child else spec
                assert set(agreement.theirs) <= {field.api_name for field in owner.fields}
