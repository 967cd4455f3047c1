"""Billing accounts as Gentrack shows them."""

from typing import Any

from sandbox.seed.addresses import postal_boxes
from sandbox.seed.awkward import UNKNOWN_ACCOUNT_CLASSES, Awkward
from sandbox.seed.block import Block
from sandbox.seed.customers import company_number
from sandbox.seed.keys import ACCOUNT_IDS, padded
from sandbox.seed.links import links
from sandbox.seed.randomness import choices, moments, stream

Record = dict[str, Any]

CURRENCIES = {"NZ": "NZD", "AU": "AUD", "GB": "GBP"}
_CLASSES = ("Invoice",) * 47 + ("Deposit", "Credit Card", "Cost Statement")
_DELIVERIES = ("Email",) * 7 + ("Mail", "Mail", "Both")
_CLOSED_SHARE = 0.06
_BILLED_ELSEWHERE_SHARE = 0.12


def records(block: Block) -> list[Record]:
    """All accounts of a block, by ascending id; the address is that of the primary customer or a post box."""
    plan = block.plan
    size = plan.sizes.accounts
    rng = stream(plan.seed, plan.block, "accounts")
    closed_at = moments(rng, "2024-02-01", "2026-01-01", size)
    closed = (rng.random(size) < _CLOSED_SHARE).tolist()
    elsewhere = (rng.random(size) < _BILLED_ELSEWHERE_SHARE).tolist()
    owners = plan.owner.tolist()
    homes = [block.homes[owner] for owner in owners]
    boxes = postal_boxes(plan.seed, plan.block, homes)
    columns = zip(
        owners,
        homes,
        [box if other else home for other, box, home in zip(elsewhere, boxes, homes, strict=True)],
        choices(rng, _CLASSES, size),
        (rng.integers(-20_000, 90_000, size) / 100).tolist(),
        choices(rng, _DELIVERIES, size),
        moments(rng, "2006-01-01", "2024-01-01", size),
        [moment if is_closed else None for is_closed, moment in zip(closed, closed_at, strict=True)],
        moments(rng, "2024-01-01", "2026-01-01", size),
        strict=True,
    )
    parents = block.parents
    first = plan.first.accounts
    rendered: list[Record] = []
    for position, (owner, home, billing, kind, balance, delivery, since, until, updated) in enumerate(
        columns
    ):
        number = ACCOUNT_IDS.at(first + position)
        business = plan.business[owner]
        rendered.append(
            {
                "id": number,
                "number": padded(number),
                "tradingName": _trading_name(block, owner) if business else None,
                "companyNumber": company_number(block, owner) if business else None,
                "accountClass": kind,
                "currency": CURRENCIES[home["country"]],
                "balance": balance,
                "billDelivery": delivery,
                "fromDttm": since,
                "closedDttm": until,
                "cancelFl": "N",
                "parentAccountId": ACCOUNT_IDS.at(first + parents[position]) if position in parents else None,
                "billingAddress": billing,
                "updatedDttm": updated,
                "links": links("accounts", number, "accountCustomers"),
            }
        )
    _spoil(block, rendered)
    return rendered


def _trading_name(block: Block, owner: int) -> str:
    """The company's name without its legal form: what stands above the door."""
    company = block.companies[owner] or ""
    return company.rpartition(" ")[0]


def _spoil(block: Block, rendered: list[Record]) -> None:
    awkward = block.plan.awkward
    for turn, account in enumerate(awkward[Awkward.UNKNOWN_ACCOUNT_CLASS], block.plan.block):
        rendered[account]["accountClass"] = UNKNOWN_ACCOUNT_CLASSES[turn % len(UNKNOWN_ACCOUNT_CLASSES)]
    for account in awkward[Awkward.LONG_TRADING_NAME]:
        name = rendered[account]["tradingName"]
        rendered[account]["tradingName"] = " formerly known as ".join([name] * (256 // len(name) + 1))
    for account in awkward[Awkward.LONG_COMPANY_NUMBER]:
        number = rendered[account]["companyNumber"]
        rendered[account]["companyNumber"] = "; ".join([number] * 12)
