"""The collections of Gentrack that the entities read, as far as their mappings use them.

Names and nesting are those of the contract in docs/gentrack-contract.md.
"""

import pyarrow as pa

from connector.mapping.vocabulary import Resource

_TEXT = pa.string()

_ADDRESS = pa.struct(
    [
        (name, _TEXT)
        for name in ("address1", "address2", "address3", "address4", "address5", "postcode", "country")
    ]
)

ACCOUNTS = Resource(
    "accounts",
    pa.struct(
        [
            ("id", pa.int64()),
            ("number", _TEXT),
            ("tradingName", _TEXT),
            ("companyNumber", _TEXT),
            ("accountClass", _TEXT),
            ("fromDttm", _TEXT),
            ("closedDttm", _TEXT),
            ("cancelFl", _TEXT),
            ("parentAccountId", pa.int64()),
            ("billingAddress", _ADDRESS),
        ]
    ),
)

CUSTOMERS = Resource(
    "customers",
    pa.struct(
        [
            ("id", pa.int64()),
            ("number", _TEXT),
            ("name", _TEXT),
            ("title", _TEXT),
            ("forename", _TEXT),
            ("surname", _TEXT),
            ("preferredName", _TEXT),
            ("jobTitle", _TEXT),
            (
                "primaryContact",
                pa.struct(
                    [
                        ("title", _TEXT),
                        ("forename", _TEXT),
                        ("surname", _TEXT),
                        ("jobTitle", _TEXT),
                        ("email", _TEXT),
                        ("dateOfBirth", _TEXT),
                        ("phoneNumber1", _TEXT),
                        ("phoneNumber2", _TEXT),
                        ("phoneNumber3", _TEXT),
                        ("faxNumber", _TEXT),
                        ("address", _ADDRESS),
                    ]
                ),
            ),
        ]
    ),
)

ACCOUNT_CUSTOMERS = Resource(
    "accountCustomers",
    pa.struct(
        [
            ("id", pa.int64()),
            ("accountId", pa.int64()),
            ("accountNumber", _TEXT),
            ("customerId", pa.int64()),
            ("customerNumber", _TEXT),
            ("primaryFl", _TEXT),
            ("role", _TEXT),
            ("fromDt", _TEXT),
            ("toDt", _TEXT),
            ("cancelFl", _TEXT),
        ]
    ),
)

PRODUCTS = Resource(
    "products",
    pa.struct(
        [
            ("id", pa.int64()),
            ("code", _TEXT),
            ("name", _TEXT),
            ("description", _TEXT),
            ("family", _TEXT),
            ("activeFl", _TEXT),
        ]
    ),
)

PRICE_PLANS = Resource(
    "pricePlans",
    pa.struct(
        [
            ("id", pa.int64()),
            ("code", _TEXT),
            ("name", _TEXT),
            ("productId", pa.int64()),
            ("productCode", _TEXT),
            ("unitPrice", pa.float64()),
            ("activeFl", _TEXT),
        ]
    ),
)

METER_POINTS = Resource(
    "meterPoints",
    pa.struct(
        [
            ("id", pa.int64()),
            ("identifier", _TEXT),
            ("type", _TEXT),
            ("serviceType", _TEXT),
            ("supplyStatus", _TEXT),
            ("supplyStartDate", _TEXT),
            ("supplyEndDate", _TEXT),
            ("accountNumber", _TEXT),
            ("address", _ADDRESS),
        ]
    ),
)

AGREEMENTS = Resource(
    "agreements",
    pa.struct(
        [
            ("id", pa.int64()),
            ("number", _TEXT),
            ("accountNumber", _TEXT),
            ("status", _TEXT),
            ("fromDt", _TEXT),
            ("termMonths", pa.int64()),
        ]
    ),
)

ORDERS = Resource(
    "orders",
    pa.struct(
        [
            ("id", pa.int64()),
            ("number", _TEXT),
            ("accountNumber", _TEXT),
            ("agreementNumber", _TEXT),
            ("type", _TEXT),
            ("status", _TEXT),
            ("effectiveDt", _TEXT),
        ]
    ),
)

ORDER_LINES = Resource(
    "orderLines",
    pa.struct(
        [
            ("id", pa.int64()),
            ("orderNumber", _TEXT),
            ("line", pa.int64()),
            ("productCode", _TEXT),
            ("planCode", _TEXT),
            ("meterPointIdentifier", _TEXT),
            ("quantity", pa.float64()),
            ("unitPrice", pa.float64()),
        ]
    ),
)
