"""A person's dead letters are found by what the ledger and both sides call the record, linked or not."""

from collections.abc import Collection

import pandas as pd

from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.agreement.record_cases import Standing
from connector.mapping.vocabulary import EntitySpec
from connector.model.agreement import Agreement
from connector.model.change import Notice, Side
from connector.sync.erase.noticed import notices_of

CONTACT = entity("contact")
LINKED = Agreement("C1", "003000000000001AAA", 101, Standing.LINKED, "", b"")


class Pairs:
    def of_keys(self, instance: str, entity: str, keys: Collection[str]) -> list[Agreement]:
        return [LINKED] if "c1" in keys else []


class Gentrack:
    def records(self, spec: EntitySpec, keys: Collection[str]) -> pd.DataFrame:
        numbers = [102] if "c2" in keys else []
        return pd.DataFrame({named.GENTRACK_ID: pd.Series(numbers, dtype="Int64")})


class Salesforce:
    def records(
        self, spec: EntitySpec, *, keys: Collection[str] = (), ids: Collection[str] = ()
    ) -> pd.DataFrame:
        return pd.DataFrame({named.SALESFORCE_ID: ["003000000000002AAA"] if "c2" in keys else []})


def names(key: str, gentrack: Gentrack | None) -> set[Notice]:
    return set(
        notices_of("61668309", CONTACT, {key}, pairs=Pairs(), gentrack=gentrack, salesforce=Salesforce())
    )


def test_what_is_linked_is_known_though_neither_side_has_it_any_more() -> None:
    assert names("c1", Gentrack()) == {
        Notice(Side.GENTRACK, "customers", "101"),
        Notice(Side.SALESFORCE, "Contact", "003000000000001AAA"),
    }


def test_what_was_never_linked_is_asked_for_on_both_sides() -> None:
    in_salesforce = Notice(Side.SALESFORCE, "Contact", "003000000000002AAA")
    assert names("c2", Gentrack()) == {Notice(Side.GENTRACK, "customers", "102"), in_salesforce}
    assert names("c2", None) == {in_salesforce}, "a tenant without an API has no notices"
    assert names("c3", Gentrack()) == set()
