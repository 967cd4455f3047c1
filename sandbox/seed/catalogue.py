"""Products and price plans: few, the same in every data set, one of them with an awkward code."""

from typing import Any

from sandbox.seed.keys import PLAN_IDS, PRODUCT_IDS
from sandbox.seed.links import links

Record = dict[str, Any]

_PRODUCTS = (
    ("ELEC-HOME", "Home Electricity", "Electricity", "Everyday electricity for homes"),
    ("ELEC-EV", "Night Charge", "Electricity", "Cheap hours from 23:00 to 07:00, for electric vehicles"),
    ("ELEC-BIZ", "Business Electricity", "Electricity", 'For small businesses, "no lock-in"'),
    ("ELEC-IND", "Industrial Electricity", "Electricity", "Half-hourly metered sites"),
    ("ELEC-SOL", "Solar Export", "Electricity", "Buys what the roof makes"),
    ("GAS-HOME", "Home Gas", "Gas", "Piped gas for homes"),
    ("GAS-BIZ", "Business Gas", "Gas", "Piped gas for businesses"),
    ("WATER-HOME", "Home Water", "Water", "Water and waste water for homes"),
    ("WATER-BIZ", "Business Water", "Water", "Water, waste water & trade effluent"),
    ("ELEC-OLD", "Anytime (closed)", "Electricity", "No longer sold"),
)
_PLANS = (
    ("STD", "Standard", 0),
    ("LOW", "Low User", -4),
    ("FIX12", "Fixed for 12 months", 3),
    ("FIX24", "Fixed for 24 months", 5),
    ("GREEN", "Kākāriki — all renewable", 9),
)
AWKWARD_PLAN_CODE = "STD:2019"
"""A code with the separator of composite ids in it: it can't be part of one."""

_UPDATED = "2025-06-30T12:00:00Z"


def products() -> list[Record]:
    """All products, by ascending id."""
    return [
        {
            "id": PRODUCT_IDS.at(index),
            "code": code,
            "name": name,
            "description": description,
            "family": family,
            "activeFl": "N" if code == "ELEC-OLD" else "Y",
            "updatedDttm": _UPDATED,
            "links": links("products", PRODUCT_IDS.at(index)),
        }
        for index, (code, name, family, description) in enumerate(_PRODUCTS)
    ]


def price_plans() -> list[Record]:
    """All price plans, by ascending id: every plan of every product, and the awkward one at the end."""
    offered = [
        (product, code, name, 100 * rank + 95 + surcharge)
        for rank, product in enumerate(products(), 1)
        for code, name, surcharge in _PLANS
    ]
    offered.append((products()[-1], AWKWARD_PLAN_CODE, "Standard of 2019", 99))
    return [
        {
            "id": PLAN_IDS.at(index),
            "code": code,
            "name": name,
            "productId": product["id"],
            "productCode": product["code"],
            "unitPrice": cents / 100,
            "activeFl": product["activeFl"],
            "updatedDttm": _UPDATED,
            "links": links("pricePlans", PLAN_IDS.at(index)),
        }
        for index, (product, code, name, cents) in enumerate(offered)
    ]


def plans_of_family(family: str) -> list[Record]:
    """Active plans of the products of a family, such as ``Gas``."""
    sold = {
        product["code"]
        for product in products()
        if product["family"] == family and product["activeFl"] == "Y"
    }
    return [plan for plan in price_plans() if plan["productCode"] in sold]
