r"""Finding records by the values of a field: ``?accountId=101,103`` on a collection.

Commas part the values; one inside a value is written ``\,`` and a backslash ``\\``. Positions of seeded rows
are computed where the data set can; what was written since is looked through.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from sandbox.gentrack.errors import Refusal
from sandbox.gentrack.tenant import Tenant
from sandbox.seed.dataset import ACCOUNT_CHILDREN

MOST_VALUES = 200
_VALUE = re.compile(r"((?:[^,\\]|\\.)*),", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

Positions = Callable[[str], Iterable[int]]


class Finder:
    """The fields that each collection can be asked by, and what is found."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.fields: Mapping[str, Mapping[str, Positions]] = {
            name: {"id": self._of_id(name)} | self._own(name) for name in tenant.collections
        }

    def find(self, collection: str, field: str, given: str) -> list[bytes]:
        """Records whose field has one of the values, whatever its letter case; ascending by id.

        Raises Refusal.
        """
        values = dict.fromkeys(_ESCAPED.sub(r"\1", value) for value in _VALUE.findall(f"{given},"))
        if len(values) > MOST_VALUES:
            raise Refusal(400, "InvalidParameter", f"{field} may name {MOST_VALUES} values")
        records = self._tenant.collections[collection]
        numeric = field in ("id", "accountId", "customerId", "orderId", "productId")
        if numeric and not all(value.isdecimal() for value in values):
            raise Refusal(400, "InvalidParameter", f"{field} must be whole numbers")
        found: dict[int, bytes] = {}
        for value in values:
            seeded = self.fields[collection][field](value)
            found |= records.found(field, int(value) if numeric else value, seeded)
        return [found[identifier] for identifier in sorted(found)]

    def _own(self, name: str) -> dict[str, Positions]:
        data = self._tenant.dataset
        fields: dict[str, Positions] = {}
        if name == "accounts":
            fields["number"] = data.accounts_of_number
        elif name == "customers":
            fields["number"] = data.customers_of_number
        elif name == "meterPoints":
            fields["identifier"] = lambda value: data.meter_points_of_identifier(value.upper())
        elif name == "orderLines":
            fields |= {"orderId": self._lines_of_order, "orderNumber": self._lines_of_order_number}
        elif name in ("products", "pricePlans"):
            keys = ("code", "productId", "productCode") if name == "pricePlans" else ("code",)
            fields |= {key: self._looked_through(name, key) for key in keys}
        if name in ACCOUNT_CHILDREN:
            fields |= {"accountId": self._of_account(name), "accountNumber": self._of_account_number(name)}
        if name == "accountCustomers":
            fields |= {
                "customerId": self._relations_of_customer,
                "customerNumber": self._relations_of_customer_number,
            }
        if name in ("agreements", "orders"):
            fields["number"] = self._of_prefixed_number(name)
        return fields

    def _of_id(self, name: str) -> Positions:
        table = self._tenant.dataset.by_name[name]

        def positions(value: str) -> list[int]:
            index = table.index_of(int(value))
            return [] if index is None else [index]

        return positions

    def _of_account(self, name: str) -> Positions:
        data = self._tenant.dataset

        def positions(value: str) -> list[int]:
            account = data.accounts.index_of(int(value))
            return [] if account is None else data.children_of_account(name, account)

        return positions

    def _of_account_number(self, name: str) -> Positions:
        data = self._tenant.dataset
        return lambda value: [
            position
            for account in data.accounts_of_number(value)
            for position in data.children_of_account(name, account)
        ]

    def _relations_of_customer(self, value: str) -> list[int]:
        data = self._tenant.dataset
        customer = data.customers.index_of(int(value))
        return [] if customer is None else data.relations_of_customer(customer)

    def _relations_of_customer_number(self, value: str) -> list[int]:
        data = self._tenant.dataset
        return [p for c in data.customers_of_number(value) for p in data.relations_of_customer(c)]

    def _lines_of_order(self, value: str) -> list[int]:
        data = self._tenant.dataset
        order = data.by_name["orders"].index_of(int(value))
        return [] if order is None else data.lines_of_order(order)

    def _lines_of_order_number(self, value: str) -> list[int]:
        data = self._tenant.dataset
        return [p for order in data.orders_of_number(value.upper()) for p in data.lines_of_order(order)]

    def _of_prefixed_number(self, name: str) -> Positions:
        data = self._tenant.dataset
        of_number = data.orders_of_number if name == "orders" else data.agreements_of_number
        return lambda value: of_number(value.upper())

    def _looked_through(self, name: str, field: str) -> Positions:
        table = self._tenant.dataset.by_name[name]
        return lambda value: [
            index for index, record in enumerate(table) if str(record[field]).lower() == value.lower()
        ]
