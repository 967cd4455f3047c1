"""The entities that most tests of the verbs are about: they have every kind of parent and platform rule."""

from connector.entities import entity
from connector.mapping.vocabulary import EntitySpec


def people() -> tuple[EntitySpec, ...]:
    """Accounts, contacts and their relations, parents first."""
    return tuple(entity(name) for name in ("account", "contact", "account_contact_relation"))
