"""Agreements: the contract under which an account is supplied, one for each account."""

from typing import Any

from sandbox.seed.block import Block
from sandbox.seed.catalogue import plans_of_family
from sandbox.seed.keys import ACCOUNT_IDS, AGREEMENT_IDS, agreement_number, padded
from sandbox.seed.links import links
from sandbox.seed.randomness import choices, days, moments, stream

Record = dict[str, Any]

_TERMS = (("Variable", None), ("Variable", None), ("Fixed term", 12), ("Fixed term", 24))
_STATUSES = ("Active",) * 17 + ("Draft", "Ended", "Cancelled")


def records(block: Block) -> list[Record]:
    """All agreements of a block, by ascending id."""
    plan = block.plan
    size = plan.sizes.accounts
    rng = stream(plan.seed, plan.block, "agreements")
    columns = zip(
        choices(rng, _TERMS, size),
        choices(rng, _STATUSES, size),
        choices(rng, plans_of_family("Electricity"), size),
        days(rng, "2018-01-01", "2024-01-01", size),
        days(rng, "2024-02-01", "2026-01-01", size),
        moments(rng, "2024-01-01", "2026-01-01", size),
        strict=True,
    )
    rendered: list[Record] = []
    for index, ((kind, months), status, offer, since, until, updated) in enumerate(
        columns, plan.first.accounts
    ):
        identifier, account_id = AGREEMENT_IDS.at(index), ACCOUNT_IDS.at(index)
        rendered.append(
            {
                "id": identifier,
                "number": agreement_number(index),
                "accountId": account_id,
                "accountNumber": padded(account_id),
                "agreementType": {"name": kind},
                "status": status,
                "fromDt": since,
                "toDt": until if status == "Ended" else None,
                "termMonths": months,
                "productCode": offer["productCode"],
                "planCode": offer["code"],
                "cancelled": status == "Cancelled",
                "updatedDttm": updated,
                "links": links("agreements", identifier),
            }
        )
    return rendered
