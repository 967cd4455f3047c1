"""Which rules hold for which object, in the order in which they run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.dml.rules import (
    account_contact_relation,
    activation,
    contact,
    custom_setting,
    file,
    prices,
)
from sandbox.salesforce.schema.model import SObjectType

Rule = Callable[[SaveContext, Rows], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one object, each called with rows that have not been refused so far."""

    before_create: tuple[Rule, ...] = ()
    before_update: tuple[Rule, ...] = ()
    after_create: tuple[Rule, ...] = ()
    after_update: tuple[Rule, ...] = ()


_RULES: Mapping[str, Rules] = {
    "Contact": Rules(
        before_create=(contact.compose_name,),
        after_create=(contact.relate_to_account,),
        after_update=(contact.recompose_name, contact.move_relation),
    ),
    "AccountContactRelation": Rules(
        before_create=(
            account_contact_relation.refuse_private_contact,
            account_contact_relation.refuse_second,
        ),
    ),
    "Product2": Rules(after_update=(prices.rename_prices,)),
    "PricebookEntry": Rules(
        before_create=(prices.require_standard_price, prices.refuse_second_price),
        after_create=(prices.name_after_product,),
    ),
    "Contract": Rules(
        before_create=(activation.begin_as_draft,),
        before_update=(activation.refuse_reopening, activation.check_activation),
        after_create=(activation.follow_status,),
        after_update=(activation.follow_status,),
    ),
    "Order": Rules(
        before_create=(activation.begin_as_draft,),
        before_update=(activation.refuse_changing_active_order, activation.check_activation),
        after_create=(activation.follow_status,),
        after_update=(activation.follow_status,),
    ),
    "OrderItem": Rules(
        before_create=(prices.refuse_item_of_active_order, prices.check_price),
        before_update=(prices.refuse_changing_item_of_active_order,),
        after_create=(prices.compute_prices,),
        after_update=(prices.compute_prices,),
    ),
    "ContentVersion": Rules(before_create=(file.describe_version,), after_create=(file.file_version,)),
    "ContentDocumentLink": Rules(before_create=(file.refuse_second_link,)),
}
_SETTING_RULES = Rules(before_create=(custom_setting.own, custom_setting.refuse_second))


def rules_for(sobject: SObjectType) -> Rules:
    """The rules of an object; a custom setting has those of its kind."""
    return _SETTING_RULES if sobject.custom_setting else _RULES.get(sobject.name, Rules())
