"""An entity's terms: what its instance says of all entities, of this one, and what the org says of it."""

from typing import Any

import pytest

from connector.entities import entity, registry
from connector.errors import SettingsInvalid
from connector.instance import Instance
from connector.mapping.agreement.terms import (
    ConflictPolicy,
    DeletionPolicy,
    Direction,
    DriftPolicy,
    Terms,
)
from connector.sync.ongoing.terms import refuse_unknown_terms, terms_of
from tests.unit.sync.sync_describe import described

ACCOUNT, CONTACT = entity("account"), entity("contact")


def instance(**ongoing: Any) -> Instance:
    return Instance.model_validate(
        {
            "id": "61668309",
            "name": "A retailer",
            "salesforce": {"url": "https://retailer.my.salesforce.com"},
            "gentrack": {"url": "https://api.example"},
            "ongoing": ongoing,
        }
    )


def test_an_instance_that_says_nothing_has_the_terms_that_the_rules_are_stated_with() -> None:
    assert terms_of(instance(), ACCOUNT, described(ACCOUNT)) == Terms()


def test_what_stands_for_all_entities_counts_where_one_has_nothing_of_its_own() -> None:
    chosen = instance(
        drift="report",
        deleted_in_salesforce="delete",
        contests=5,
        entities={"account": {"drift": "restore", "conflict": "salesforce", "deleted_in_gentrack": "ignore"}},
    )
    of_account = terms_of(chosen, ACCOUNT, described(ACCOUNT))
    of_contact = terms_of(chosen, CONTACT, described(CONTACT))
    assert (of_account.drift, of_contact.drift) == (DriftPolicy.RESTORE, DriftPolicy.REPORT)
    assert (of_account.conflict, of_contact.conflict) == (ConflictPolicy.SALESFORCE, ConflictPolicy.REVIEW)
    assert (of_account.gone_in_gentrack, of_contact.gone_in_gentrack) == (
        DeletionPolicy.IGNORE,
        DeletionPolicy.FLAG,
    )
    assert of_account.gone_in_salesforce is of_contact.gone_in_salesforce is DeletionPolicy.DELETE
    assert of_account.contests == of_contact.contests == 5


def test_directions_and_what_the_org_takes_at_creation_only() -> None:
    chosen = instance(entities={"contact": {"directions": ["gentrack-to-salesforce"]}})
    terms = terms_of(chosen, CONTACT, described(CONTACT, AccountId={"updateable": False}))
    assert terms.directions == {Direction.TO_SALESFORCE}
    assert terms.fixed == {"AccountId"}


def test_nothing_new_in_salesforce_is_made_in_gentrack_unless_an_entity_says_which() -> None:
    fits = {"RecordType.DeveloperName": ["Customer"], "Type": ["Residential", "Business"]}
    chosen = instance(entities={"account": {"create_in_gentrack": fits}, "contact": {"drift": "report"}})
    assert chosen.ongoing.created_in_gentrack("account") == {
        "RecordType.DeveloperName": ("Customer",),
        "Type": ("Residential", "Business"),
    }
    assert chosen.ongoing.created_in_gentrack("contact") is None
    assert chosen.ongoing.created_in_gentrack("order") is None


def test_an_entity_that_there_is_none_of_is_refused() -> None:
    refuse_unknown_terms(registry(), instance(entities={"order_item": {"drift": "report"}}))
    with pytest.raises(SettingsInvalid, match=r"what is no entity: accounts\. The entities are: account,"):
        refuse_unknown_terms(registry(), instance(entities={"accounts": {"drift": "report"}}))
