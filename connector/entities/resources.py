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
