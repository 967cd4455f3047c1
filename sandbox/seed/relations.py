"""Account customers: who stands on which account, exactly one of them as its primary."""

from typing import Any

from sandbox.seed.block import Block
from sandbox.seed.keys import ACCOUNT_IDS, CUSTOMER_IDS, RELATION_IDS, UNKNOWN_CUSTOMER_IDS, padded
from sandbox.seed.links import links
from sandbox.seed.plan import MAIN, ROLES, UNKNOWN
from sandbox.seed.randomness import days, moments, stream

Record = dict[str, Any]

_ENDED_SHARE = 0.15


def records(block: Block) -> list[Record]:
    """All account customers of a block, by ascending id, those of one account side by side."""
    plan = block.plan
    size = plan.sizes.relations
    rng = stream(plan.seed, plan.block, "relations")
    columns = zip(
        plan.relation_account.tolist(),
        plan.relation_customer.tolist(),
        plan.relation_role.tolist(),
        days(rng, "2006-01-01", "2024-01-01", size),
        days(rng, "2024-02-01", "2026-01-01", size),
        (rng.random(size) < _ENDED_SHARE).tolist(),
        moments(rng, "2024-01-01", "2026-01-01", size),
        strict=True,
    )
    first = plan.first
    rendered: list[Record] = []
    for position, (account, customer, role, since, until, ended, updated) in enumerate(columns):
        index = first.relations + position
        identifier = RELATION_IDS.at(index)
        account_id = ACCOUNT_IDS.at(first.accounts + account)
        ids = UNKNOWN_CUSTOMER_IDS if customer == UNKNOWN else CUSTOMER_IDS
        customer_id = ids.at(index if customer == UNKNOWN else first.customers + customer)
        rendered.append(
            {
                "id": identifier,
                "accountId": account_id,
                "accountNumber": padded(account_id),
                "customerId": customer_id,
                "customerNumber": padded(customer_id) if customer == UNKNOWN else block.numbers[customer],
                "primaryFl": "Y" if role == MAIN else "N",
                "role": ROLES[role],
                "fromDt": since,
                "toDt": until if ended and role != MAIN else None,
                "cancelFl": "N",
                "updatedDttm": updated,
                "links": links("accountCustomers", identifier),
            }
        )
    return rendered
