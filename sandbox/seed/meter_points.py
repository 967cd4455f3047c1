"""Meter points: where electricity or gas is supplied, under the identifier that the market knows them by."""

from typing import Any

from sandbox.seed.block import Block
from sandbox.seed.keys import ACCOUNT_IDS, METER_POINT_IDS, padded
from sandbox.seed.links import links
from sandbox.seed.meter_identifiers import FIRST_SUPPLY, SECOND_SUPPLY
from sandbox.seed.randomness import choices, days, moments, stream
from sandbox.seed.supply import supply_sizes

Record = dict[str, Any]

_STATUSES = ("Registered",) * 17 + ("De-energised", "Registration pending", "Terminated")


def records(block: Block) -> list[Record]:
    """All meter points of a block, by ascending id; an account's second one stands at the same address."""
    plan, supply = block.plan, block.supply
    size = supply_sizes(plan.sizes.accounts).meter_points
    rng = stream(plan.seed, plan.block, "meter points")
    owners = plan.owner.tolist()
    first = block.supply_first.meter_points
    columns = zip(
        supply.meter_account.tolist(),
        supply.second_supply,
        choices(rng, _STATUSES, size),
        days(rng, "2006-01-01", "2024-01-01", size),
        days(rng, "2024-02-01", "2026-01-01", size),
        moments(rng, "2024-01-01", "2026-01-01", size),
        strict=True,
    )
    rendered: list[Record] = []
    for index, (account, second, status, since, until, updated) in enumerate(columns, first):
        address = block.homes[owners[account]]
        kind, service, identify = (SECOND_SUPPLY if second else FIRST_SUPPLY)[address["country"]]
        identifier = METER_POINT_IDS.at(index)
        account_id = ACCOUNT_IDS.at(plan.first.accounts + account)
        rendered.append(
            {
                "id": identifier,
                "identifier": identify(index),
                "type": kind,
                "serviceType": service,
                "supplyStatus": status,
                "supplyStartDate": since,
                "supplyEndDate": until if status == "Terminated" else None,
                "accountId": account_id,
                "accountNumber": padded(account_id),
                "address": address,
                "updatedDttm": updated,
                "links": links("meterPoints", identifier),
            }
        )
    return rendered
