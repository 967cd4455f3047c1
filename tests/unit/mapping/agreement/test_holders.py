"""An account shows its primary customer's name: another customer is no change of that name."""

from typing import Any

import pandas as pd
import pytest

from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.agreement.agreed import agreed
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.field_cases import CASES, FieldCase
from connector.mapping.agreement.lines import agreed_of, fingerprint, holders_of
from connector.mapping.agreement.record_cases import Presence, Standing
from connector.mapping.agreement.terms import Direction, DriftPolicy, Terms
from connector.mapping.converters import TEXT

ACCOUNT = entity("account")
ALICE, BOB = "71", "72"


def account(customer: str, gentrack: str, salesforce: str, before: pd.DataFrame | None) -> pd.DataFrame:
    """A linked account, as both sides hold it; `before` is what was agreed: settled, or packed by a run."""
    row: dict[str, Any] = {
        named.KEY: "A1",
        named.SALESFORCE_KEY: "A1",
        named.SALESFORCE_ID: "001",
        named.STANDING: Standing.LINKED.value,
        named.IN_GENTRACK: Presence.PRESENT.value,
        named.IN_SALESFORCE: Presence.PRESENT.value,
        named.KEY_COUNT: 1,
        named.gentrack("primary.name"): gentrack,
        named.salesforce("Name"): salesforce,
    }
    if before is not None:
        row |= {name: before[name].iloc[0] for name in (named.FIELDS, named.AGREED)}
    ids = pd.Series([customer], dtype=TEXT)
    return batch_of(ACCOUNT, [row]).assign(**{named.gentrack("primary.id"): ids})


def by_a_run() -> pd.DataFrame:
    """Agreed at the end of an initial run: Alice is primary, and so called on both sides."""
    packed = agreed(ACCOUNT, account(ALICE, "Alice", "Alice", None))
    return pd.DataFrame({named.FIELDS: [fingerprint(agreed_of(ACCOUNT))], named.AGREED: packed})


def by_a_round() -> pd.DataFrame:
    return decide(ACCOUNT, Terms(), account(ALICE, "Alice", "Alice", None)).settled()


def name_of(decisions: Decisions) -> tuple[FieldCase, bool]:
    """The case of the name, and whether anything is written to Gentrack."""
    line = [one.name for one in decisions.sides.lines].index("Name")
    return CASES[decisions.fields.codes[0, line]], bool(decisions.to_gentrack.to_numpy().any())


BEFORE = pytest.mark.parametrize("before", [by_a_run(), by_a_round()], ids=["a run", "a round"])


@BEFORE
@pytest.mark.parametrize("salesforce", ["Alice", "Alicia"])
@pytest.mark.parametrize("terms", [Terms(), Terms(drift=DriftPolicy.REPORT)])
def test_another_customer_is_never_renamed(before: pd.DataFrame, salesforce: str, terms: Terms) -> None:
    """Also where somebody edited the old one's name meanwhile."""
    decisions = decide(ACCOUNT, terms, account(BOB, "Bob", salesforce, before))
    assert name_of(decisions) == (FieldCase.OF_ANOTHER_RECORD, False)
    assert decisions.to_salesforce.at[0, "Name"]
    after = decisions.settled()
    edited = decide(ACCOUNT, Terms(), account(BOB, "Bob", "Bobby", after))
    assert name_of(edited) == (FieldCase.MASTER_CHANGED, True)


@BEFORE
def test_until_salesforce_has_the_new_one_it_is_still_another(before: pd.DataFrame) -> None:
    refused = decide(ACCOUNT, Terms(), account(BOB, "Bob", "Alice", before)).settled(
        salesforce_done=pd.Series([False])
    )
    assert name_of(decide(ACCOUNT, Terms(), account(BOB, "Bob", "Alice", refused)))[0] is (
        FieldCase.OF_ANOTHER_RECORD
    )


@BEFORE
def test_towards_gentrack_alone_nothing_is_written(before: pd.DataFrame) -> None:
    terms = Terms(directions=frozenset({Direction.TO_GENTRACK}))
    decisions = decide(ACCOUNT, terms, account(BOB, "Bob", "Alice", before))
    assert name_of(decisions) == (FieldCase.OTHER_MASTER, False)
    after = decide(ACCOUNT, Terms(), account(BOB, "Bob", "Alice", decisions.settled()))
    assert name_of(after) == (FieldCase.OF_ANOTHER_RECORD, False)


@BEFORE
def test_the_same_customer_renamed_in_gentrack_is_drift(before: pd.DataFrame) -> None:
    assert name_of(decide(ACCOUNT, Terms(), account(ALICE, "Al", "Alice", before))) == (
        FieldCase.DRIFT_RESTORED,
        True,
    )


def test_a_record_of_its_own_is_no_holder() -> None:
    assert [one.column for one in holders_of(ACCOUNT)] == ["primary.id"]
    assert holders_of(entity("contact")) == ()
    assert holders_of(entity("account_contact_relation")) == ()
