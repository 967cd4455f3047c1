"""Preflight: everything that stands in the way, in one list, each with what to do."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.errors import GaveUp, RequestRefused, SignInRefused
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.describe import ObjectDescribe
from connector.model.finding import Severity, Side, worst
from connector.sync.run_record import RUN_OBJECT
from connector.sync.switches import SETTING
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.preflight.subjects import Look, Tenant, change, hide, told


def test_an_org_with_our_package_has_nothing_against_a_run(org: OrgTwin, found: Look) -> None:
    assert found(org) == []


@pytest.mark.parametrize(
    ("place", "changed", "what"),
    [
        (("Contact", EXTERNAL_ID), {"unique": False}, (f"Contact.{EXTERNAL_ID}", "must be an External ID")),
        (
            ("Contact", EXTERNAL_ID),
            {"external_id": False},
            (f"Contact.{EXTERNAL_ID}", "must be an External ID"),
        ),
        (
            ("Contact", EXTERNAL_ID),
            {"createable": False},
            (f"Contact.{EXTERNAL_ID}", "must be an External ID"),
        ),
        (
            ("Contact", EXTERNAL_ID),
            {"case_sensitive": True},
            (f"Contact.{EXTERNAL_ID}", "unique by letter case"),
        ),
        (("Account", "ParentId"), {"updateable": False}, ("Account.ParentId", "may not edit it")),
        (("Contact", "Phone"), {"createable": False}, ("Contact.Phone", "may not edit it")),
        (("Contact", "AccountId"), {"createable": False}, ("Contact.AccountId", "may not edit it")),
        (
            ("AccountContactRelation", "EndDate"),
            {"updateable": False},
            ("AccountContactRelation.EndDate", "may not"),
        ),
        (
            ("AccountContactRelation", "Roles"),
            {"updateable": False},
            ("AccountContactRelation.Roles", "may not"),
        ),
        (
            ("Account", "Industry_Code__c"),
            {"nillable": False},
            ("Account.Industry_Code__c", "does not fill it"),
        ),
        (("Account", "IsPersonAccount"), {}, ("Account", "Person accounts are enabled")),
        (("Account", "CurrencyIsoCode"), {}, ("Account", "Multiple currencies are enabled")),
    ],
)
def test_what_would_make_the_run_fail_blocks_it(
    org: OrgTwin, found: Look, place: tuple[str, str], changed: dict[str, Any], what: tuple[str, str]
) -> None:
    change(org, *place, **changed)
    (finding,) = found(org)
    assert (finding.severity, finding.where) == (Severity.BLOCKING, what[0])
    assert what[1] in finding.what


@pytest.mark.parametrize(
    ("sobject", "name"),
    [("Contact", EXTERNAL_ID), ("Contact", "Birthdate"), ("Contact", "AccountId"), (RUN_OBJECT, "Counts__c")],
)
def test_a_field_that_is_not_there_to_see_blocks(org: OrgTwin, found: Look, sobject: str, name: str) -> None:
    hide(org, sobject, name)
    (finding,) = found(org)
    assert finding.severity is Severity.BLOCKING
    assert name in finding.where + finding.what
    assert "Deploy salesforce/" in finding.todo


def test_what_is_never_updated_need_not_be_editable(org: OrgTwin, found: Look) -> None:
    change(org, "Contact", "Phone", updateable=False)
    change(org, "Contact", "AccountId", updateable=False)
    change(org, "Account", "Rating__c", nillable=False, defaulted_on_create=True)
    assert found(org) == []


def test_an_object_that_may_not_be_edited_blocks(org: OrgTwin, found: Look) -> None:
    org.described["Account"] = replace(org.described["Account"], createable=False)
    assert [(f.where, "create and edit" in f.what) for f in found(org)] == [("Account", True)]


def test_a_missing_object_blocks_its_children_too_and_is_told_once(org: OrgTwin, found: Look) -> None:
    del org.described["Account"], org.described[RUN_OBJECT], org.described[SETTING]
    places = [(finding.where, finding.what) for finding in found(org)]
    assert places == [
        ("Account", "The object is not there to see."),
        ("Contact", "Its parent account can't be loaded."),
        ("AccountContactRelation", "Its parent account can't be loaded."),
        (RUN_OBJECT, "The object of the report is not there to see."),
        (SETTING, "The setting that switches our triggers off is not there to see."),
    ]


def test_a_missing_standard_object_is_switched_on_and_not_deployed(org: OrgTwin, found: Look) -> None:
    del org.described["AccountContactRelation"]
    (finding,) = found(org)
    assert finding.where == "AccountContactRelation"
    assert "Switch AccountContactRelation on in the org's Setup" in finding.todo
    assert "Deploy" not in finding.todo


def test_both_sides_that_do_not_answer_stand_in_one_list(found: Look) -> None:
    class Stranger(OrgTwin):
        def user_name(self) -> str:
            raise SignInRefused("Salesforce refused the credentials.", todo="Check the consumer secret.")

    away = Tenant(GaveUp("Gentrack stayed away.", todo="Try later."))
    assert [(f.where, f.what, f.todo, f.side) for f in found(Stranger(), gentrack=away)] == [
        ("Gentrack", "Gentrack stayed away.", "Try later.", Side.GENTRACK),
        ("Salesforce", "Salesforce refused the credentials.", "Check the consumer secret.", Side.SALESFORCE),
    ]


def test_an_org_that_stops_answering_is_waited_for_once_and_the_rest_is_named(
    org: OrgTwin, found: Look
) -> None:
    class Leaving(OrgTwin):
        asked = 0

        def describe(self, sobject: str) -> ObjectDescribe:
            self.asked += 1
            raise GaveUp("Salesforce stayed away.")

    leaving = Leaving()
    leaving.moment = datetime.now(UTC)
    (finding,) = found(leaving)
    assert (finding.severity, finding.where, leaving.asked) == (Severity.BLOCKING, "Salesforce", 1)
    assert finding.what.startswith("Salesforce stayed away. Not looked at: objects, anchors, ")
    assert finding.what.endswith("estimate.")


def test_what_the_user_may_not_look_at_is_for_a_person(
    org: OrgTwin, found: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever call a check makes: each one that is refused ends in a finding of its own."""

    def refuse(*_: object) -> Any:
        raise RequestRefused("Salesforce refused it.", status=403, code="INSUFFICIENT_ACCESS")

    for call in ("query", "tooling_query", "limits", "record_counts", "api_versions", "now"):
        monkeypatch.setattr(org, call, refuse)
    findings = found(org)
    assert [f.where for f in findings if f.severity is Severity.ATTEST] == [
        "API version",
        "clock",
        "org",
        "user permissions",
        "record access",
        "duplicate rules",
        "validation rules",
        "triggers",
        "flows",
        "workflow rules",
        "volumes",
        "limits",
    ]
    assert all(
        "could not be checked: Salesforce refused it." in f.what for f in findings if f.where != SETTING
    )
    assert [f.where for f in findings if f.severity is Severity.BLOCKING] == [SETTING]


def test_the_gravest_finding_counts(org: OrgTwin, found: Look) -> None:
    assert worst(found(org)) is None
    assert worst(found(org, notes=True)) is Severity.NOTE
    org.setup.by_object["DuplicateRule"] = [{"DeveloperName": "Same", "SobjectType": "Account"}]
    assert worst(found(org, notes=True)) is Severity.ATTEST
    hide(org, "Account", "Name")
    assert worst(found(org, notes=True)) is Severity.BLOCKING
    assert (Severity.ATTEST, "duplicate rules of Account") in told(found(org))
