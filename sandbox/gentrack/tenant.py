"""The state of one tenant: its app, records, clock, journal, events, faults and webhook."""

from collections.abc import Sequence
from pathlib import Path

import orjson

from sandbox.gentrack.clock import Clock
from sandbox.gentrack.collection import Collection
from sandbox.gentrack.errors import NotFound
from sandbox.gentrack.events import Publisher
from sandbox.gentrack.faults import FaultScript
from sandbox.gentrack.journal import Journal
from sandbox.gentrack.tokens import App, TokenIssuer
from sandbox.gentrack.webhooks import Deliverer
from sandbox.gentrack.webhooks.signature import public_pem
from sandbox.gentrack.writing import Writer
from sandbox.seed import Dataset


class Tenant:
    """What the routes answer from. Records are encoded JSON objects throughout."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.clock = Clock()
        self.app = App.register()
        self.tokens = TokenIssuer(self.app)
        self.journal = Journal()
        self.faults = FaultScript(dataset.seed)
        self.webhook = Deliverer(self.app, self.clock, dataset.seed)
        self.publisher = Publisher(self.app, self.clock, self.webhook.accept)
        self.collections = {table.name: Collection(table) for table in dataset.tables}
        self.writer = Writer(self.collections, self.clock, self.publisher)

    def single(self, collection: str, identifier: int) -> bytes:
        """The record with this id; raises `NotFound`."""
        record = self.collections[collection].get(identifier)
        if record is None:
            raise NotFound(f"{collection}/{identifier}")
        return record

    def account_of_number(self, number: str) -> bytes:
        """The account with this number; raises `NotFound`."""
        return self._first("accounts", "number", number, self.dataset.accounts_of_number(number))

    def customer_of_number(self, number: str) -> bytes:
        """The oldest customer with this number; raises `NotFound`."""
        return self._first("customers", "number", number, self.dataset.customers_of_number(number))

    def meter_point_of_identifier(self, identifier: str) -> bytes:
        """The meter point with this market identifier; raises `NotFound`."""
        seeded = self.dataset.meter_points_of_identifier(identifier)
        return self._first("meterPoints", "identifier", identifier, seeded)

    def children_of_account(self, collection: str, account: int) -> list[bytes]:
        """Records of a collection, such as ``agreements``, that belong to the account of an id."""
        self.single("accounts", account)
        index = self.dataset.accounts.index_of(account)
        seeded = [] if index is None else self.dataset.children_of_account(collection, index)
        return self.collections[collection].matching("accountId", account, seeded)

    def accounts_of_customer(self, customer: int) -> list[bytes]:
        """The accounts on which the customer of an id stands."""
        self.single("customers", customer)
        index = self.dataset.customers.index_of(customer)
        accounts = self.dataset.accounts
        seeded = [] if index is None else self.dataset.accounts_of_customer(index)
        identifiers = {accounts.ids.at(position) for position in seeded}
        written = self.collections["accountCustomers"].written_values("customerId", customer, "accountId")
        return [self.single("accounts", identifier) for identifier in sorted(identifiers | written)]

    def lines_of_order(self, order: int) -> list[bytes]:
        """The lines of the order of an id."""
        self.single("orders", order)
        index = self.dataset.by_name["orders"].index_of(order)
        seeded = [] if index is None else self.dataset.lines_of_order(index)
        return self.collections["orderLines"].matching("orderId", order, seeded)

    def write_webhook_public_key(self, folder: Path) -> Path:
        """Write the public key (SPKI PEM) that a receiver checks signatures with."""
        path = folder / "webhook-public-key.pem"
        path.write_bytes(public_pem(self.webhook.key))
        return path

    def _first(self, collection: str, field: str, value: str, seeded: Sequence[int]) -> bytes:
        found = self.collections[collection].matching(field, value, seeded)
        row = next((row for row in found if orjson.loads(row)[field] == value), None)
        if row is None:
            raise NotFound(f"{collection} with {field} {value}")
        return row
