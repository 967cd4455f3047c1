"""What kind of org it is: features that change how its objects work, and its record types."""

from collections.abc import Iterator

from connector.model.finding import Finding
from connector.sync.preflight.check import attest, blocking, note
from connector.sync.preflight.subject import Subject

_SMALL_EDITIONS = ("Group", "Team", "Professional", "Essentials", "Starter", "Personal", "Contact Manager")
"""How the names of editions begin that come without the API, or without orders, or with few custom fields.

Source: Salesforce Help, "Salesforce Editions"; Salesforce Features and Edition Allocations.
"""


def edition(subject: Subject) -> Iterator[Finding]:
    """Which org it is, so that nobody mistakes a production org for another one."""
    (org,) = subject.salesforce.query("SELECT Name, OrganizationType, IsSandbox FROM Organization")
    kind = str(org["OrganizationType"] or "an unknown edition")
    place = "a sandbox" if org["IsSandbox"] else "not a sandbox"
    if kind.startswith(_SMALL_EDITIONS):
        yield attest(
            "org",
            f"It is {org['Name']}, {kind}: such editions lack API access, orders or custom fields,"
            " unless they were bought besides.",
            "Ask Salesforce what the contract includes.",
        )
    else:
        yield note("org", f"It is {org['Name']}, {kind}, {place}.")


def features(subject: Subject) -> Iterator[Finding]:
    """Person accounts, multiple currencies, state and country picklists: each shows in a field."""
    account = subject.described.get("account")
    if account is None:
        return
    if "IsPersonAccount" in account.fields:
        yield blocking(
            "Account",
            "Person accounts are enabled, and they change how accounts and contacts work together.",
            "This mapping is for business accounts; it can't be used in this org.",
        )
    if "CurrencyIsoCode" in account.fields:
        yield blocking(
            "Account",
            "Multiple currencies are enabled, and the mapping gives records no currency.",
            "It can't be used in this org.",
        )


def record_types(subject: Subject) -> Iterator[Finding]:
    """New records get the default record type of the integration user: the mapping names none."""
    for spec in subject.shown:
        made = subject.described[spec.name].record_types
        if not made:
            continue
        default = next((each.name for each in made if each.default), None)
        named = ", ".join(each.name for each in made)
        if default is None and not any(each.available for each in made):
            what = f"It has record types ({named}); none is the integration user's, so new records get none."
        else:
            what = f"It has record types ({named}); new records get {default or 'none of them'}."
        yield attest(
            f"record types of {spec.salesforce_object}",
            what,
            "Choose the default one in the integration user's profile: its picklists are those that count.",
        )
