"""Orders and their lines: what was sold, on its way from quote to supply."""

from typing import Any

from sandbox.seed.block import Block
from sandbox.seed.catalogue import plans_of_family
from sandbox.seed.keys import (
    ACCOUNT_IDS,
    AGREEMENT_IDS,
    METER_POINT_IDS,
    ORDER_IDS,
    ORDER_LINE_IDS,
    agreement_number,
    order_number,
    padded,
)
from sandbox.seed.links import links
from sandbox.seed.meter_identifiers import FIRST_SUPPLY, SECOND_SUPPLY
from sandbox.seed.randomness import choices, days, moments, stream
from sandbox.seed.supply import supply_sizes

Record = dict[str, Any]

_TYPES = ("New connection", "Switch gain", "Switch gain", "Plan change")
_STATUSES = ("Created", "Ready", "Accepted", "Provisioning", *("Completed",) * 15, "Cancelled")


def records(block: Block) -> list[Record]:
    """All orders of a block, by ascending id."""
    plan = block.plan
    size = supply_sizes(plan.sizes.accounts).orders
    rng = stream(plan.seed, plan.block, "orders")
    columns = zip(
        block.supply.order_account.tolist(),
        choices(rng, _TYPES, size),
        choices(rng, _STATUSES, size),
        days(rng, "2024-02-01", "2026-01-01", size),
        moments(rng, "2024-01-01", "2026-01-01", size),
        strict=True,
    )
    rendered: list[Record] = []
    for index, (account, kind, status, effective, updated) in enumerate(columns, block.supply_first.orders):
        identifier = ORDER_IDS.at(index)
        account_index = plan.first.accounts + account
        account_id = ACCOUNT_IDS.at(account_index)
        rendered.append(
            {
                "id": identifier,
                "number": order_number(index),
                "accountId": account_id,
                "accountNumber": padded(account_id),
                "agreementId": AGREEMENT_IDS.at(account_index),
                "agreementNumber": agreement_number(account_index),
                "type": kind,
                "status": status,
                "effectiveDt": effective,
                "updatedDttm": updated,
                "links": links("orders", identifier, "orderLines"),
            }
        )
    return rendered


def lines(block: Block) -> list[Record]:
    """All order lines of a block, by ascending id; a second line sells gas, the first electricity."""
    plan, supply = block.plan, block.supply
    size = supply_sizes(plan.sizes.accounts).order_lines
    rng = stream(plan.seed, plan.block, "order lines")
    owners = plan.owner.tolist()
    columns = zip(
        supply.line_order.tolist(),
        supply.line_number,
        choices(rng, plans_of_family("Electricity"), size),
        choices(rng, plans_of_family("Gas"), size),
        (rng.integers(0, 20, size) == 0).tolist(),
        moments(rng, "2024-01-01", "2026-01-01", size),
        strict=True,
    )
    first = block.supply_first
    rendered: list[Record] = []
    for index, (order, number, electricity, gas, several, updated) in enumerate(columns, first.order_lines):
        account = int(supply.order_account[order])
        meter = int(supply.first_meter[account])
        country = block.homes[owners[account]]["country"]
        identify = (SECOND_SUPPLY if supply.second_supply[meter] else FIRST_SUPPLY)[country][2]
        offer = electricity if number == 1 else gas
        identifier = ORDER_LINE_IDS.at(index)
        rendered.append(
            {
                "id": identifier,
                "orderId": ORDER_IDS.at(first.orders + order),
                "orderNumber": order_number(first.orders + order),
                "line": number,
                "productCode": offer["productCode"],
                "planCode": offer["code"],
                "meterPointId": METER_POINT_IDS.at(first.meter_points + meter),
                "meterPointIdentifier": identify(first.meter_points + meter),
                "quantity": 2 if several else 1,
                "unitPrice": offer["unitPrice"],
                "updatedDttm": updated,
                "links": links("orderLines", identifier),
            }
        )
    return rendered
