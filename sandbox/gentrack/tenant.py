"""The state of one tenant: its app, its records, its journal and the key that it signs webhooks with."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.gentrack.collection import Collection
from sandbox.gentrack.errors import NotFound
from sandbox.gentrack.journal import Journal
from sandbox.gentrack.tokens import App, TokenIssuer
from sandbox.seed import Dataset


class Tenant:
    """What the routes answer from. Records are encoded JSON objects throughout."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.app = App.register()
        self.tokens = TokenIssuer(self.app)
        self.journal = Journal()
        self.collections = {table.name: Collection(table) for table in dataset.tables}
        self._webhook_key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    def single(self, collection: str, identifier: int) -> bytes:
        """The record with this id; raises `NotFound`."""
        record = self.collections[collection].get(identifier)
        if record is None:
            raise NotFound(f"{collection}/{identifier}")
        return record

    def account_index(self, number: str) -> int:
        """The position of the account with this number; raises `NotFound`."""
        return _first(self.dataset.accounts_of_number(number), f"account {number}")

    def customer_index(self, number: str) -> int:
        """The position of the first customer with this number; raises `NotFound`."""
        return _first(self.dataset.customers_of_number(number), f"customer {number}")

    def index(self, collection: str, identifier: int) -> int:
        """The position of the record with this id; raises `NotFound`."""
        index = self.collections[collection].table.index_of(identifier)
        if index is None:
            raise NotFound(f"{collection}/{identifier}")
        return index

    def customers_of_account(self, account: int) -> list[bytes]:
        """The account customers of the account at a position."""
        collection = self.collections["accountCustomers"]
        return [collection.at(index) for index in self.dataset.relations_of_account(account)]

    def accounts_of_customer(self, customer: int) -> list[bytes]:
        """The accounts on which the customer at a position stands."""
        collection = self.collections["accounts"]
        return [collection.at(index) for index in self.dataset.accounts_of_customer(customer)]

    def write_webhook_public_key(self, folder: Path) -> Path:
        """Write the public key (SPKI PEM) that a receiver checks signatures with."""
        path = folder / "webhook-public-key.pem"
        path.write_bytes(
            self._webhook_key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        return path


def _first(found: list[int], what: str) -> int:
    if not found:
        raise NotFound(what)
    return found[0]
