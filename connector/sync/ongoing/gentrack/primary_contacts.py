"""The primary contact of an account that was made in Salesforce: Gentrack makes no account without one.

Salesforce has no such thing by itself. Of an account's contacts that are in Gentrack already it is the one
whose relation has the role `Main`, else the oldest whose own account it is, else the oldest of all.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from connector.mapping.vocabulary import EXTERNAL_ID
from connector.sync.ongoing.ports import SalesforceRecords
from connector.sync.ongoing.salesforce.soql import among

_HEAD = (
    f"SELECT AccountId, Roles, IsDirect, CreatedDate, Id, Contact.{EXTERNAL_ID} FROM AccountContactRelation"
)
_MAIN = "Main"


def primary_contacts(org: SalesforceRecords, account_ids: Collection[str]) -> Mapping[str, str | None]:
    """Salesforce id of an account -> the external id of its primary contact.

    None where it has contacts and none of them is in Gentrack; an account without contacts isn't in it.
    Raises RequestRefused.
    """
    relations: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for page in org.queries(list(among(_HEAD, "AccountId", account_ids))) if account_ids else []:
        for relation in page:
            relations[relation["AccountId"]].append(relation)
    return {account: _number(min(own, key=_rank)) for account, own in relations.items()}


def _number(relation: Mapping[str, Any]) -> str | None:
    number = (relation.get("Contact") or {}).get(EXTERNAL_ID)
    return str(number) if number else None


def _rank(relation: Mapping[str, Any]) -> tuple[bool, bool, bool, str, str]:
    roles = (relation["Roles"] or "").split(";")
    others = (_number(relation) is None, _MAIN not in roles, not relation["IsDirect"])
    return (*others, relation["CreatedDate"], relation["Id"])
