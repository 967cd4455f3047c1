"""Preflight: everything that stands in the way, in one list, each with what to do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from connector.errors import ConnectorError, GaveUp, SignInRefused
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.describe import ObjectDescribe
from connector.model.finding import Finding, Severity
from connector.sync.preflight import preflight
from connector.sync.run_record import RUN_FIELDS, RUN_OBJECT
from connector.sync.switches import SETTING
from tests.unit.mapping.mapping_columns import field_describe
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.people import people
from tests.unit.sync.setting_twin import EventsTwin


class Tenant:
    """A Gentrack tenant that answers, or doesn't."""

    def __init__(self, failure: ConnectorError | None = None) -> None:
        self._failure = failure

    def check(self) -> None:
        if self._failure:
            raise self._failure

    def now(self) -> None: ...

    def lacking(self, resource: str, column: str, values: Sequence[str]) -> list[str]:
        raise NotImplementedError

    def pages(self, resource: str, row_type: pa.StructType) -> Iterator[pa.Table]:
        raise NotImplementedError


@pytest.fixture
def org() -> OrgTwin:
    org = OrgTwin()
    fields = {name: field_describe(name=name) for name in RUN_FIELDS}
    org.described[RUN_OBJECT] = ObjectDescribe(RUN_OBJECT, createable=True, updateable=True, fields=fields)
    bypass = {"Bypass_Triggers__c": field_describe(name="Bypass_Triggers__c")}
    org.described[SETTING] = ObjectDescribe(SETTING, createable=True, updateable=True, fields=bypass)
    return org


def found(
    org: OrgTwin, tenant: Tenant | None = None, mails_to: tuple[str, ...] = ("a@x.nz",)
) -> list[Finding]:
    return preflight(people(), tenant or Tenant(), org, EventsTwin([]), mails_to=mails_to)


def change(org: OrgTwin, sobject: str, name: str, **changed: Any) -> None:
    """Change attributes of a field; a field that is not there is added."""
    described = org.described[sobject]
    field = described.fields.get(name) or field_describe(name=name)
    fields = {**described.fields, name: replace(field, **changed)}
    org.described[sobject] = replace(described, fields=fields)


def hide(org: OrgTwin, sobject: str, name: str) -> None:
    described = org.described[sobject]
    fields = {known: field for known, field in described.fields.items() if known != name}
    org.described[sobject] = replace(described, fields=fields)


def test_an_org_with_our_package_has_nothing_against_a_run(org: OrgTwin) -> None:
    assert found(org) == []


@pytest.mark.parametrize(
    ("sobject", "name", "changed", "told"),
    [
        ("Contact", EXTERNAL_ID, {"unique": False}, (f"Contact.{EXTERNAL_ID}", "must be an External ID")),
        (
            "Contact",
            EXTERNAL_ID,
            {"external_id": False},
            (f"Contact.{EXTERNAL_ID}", "must be an External ID"),
        ),
        ("Contact", EXTERNAL_ID, {"createable": False}, (f"Contact.{EXTERNAL_ID}", "must be an External ID")),
        ("Contact", "Phone", {"createable": False}, ("Contact.Phone", "may not edit it")),
        ("Contact", "AccountId", {"createable": False}, ("Contact.AccountId", "may not edit it")),
        (
            "AccountContactRelation",
            "EndDate",
            {"updateable": False},
            ("AccountContactRelation.EndDate", "may not"),
        ),
        (
            "AccountContactRelation",
            "Roles",
            {"updateable": False},
            ("AccountContactRelation.Roles", "may not"),
        ),
        (
            "Account",
            "Industry_Code__c",
            {"nillable": False},
            ("Account.Industry_Code__c", "does not fill it"),
        ),
        ("Account", "IsPersonAccount", {}, ("Account", "Person accounts are enabled")),
        ("Account", "CurrencyIsoCode", {}, ("Account", "Multiple currencies are enabled")),
    ],
)
def test_what_would_make_the_run_fail_blocks_it(
    org: OrgTwin, sobject: str, name: str, changed: dict[str, Any], told: tuple[str, str]
) -> None:
    change(org, sobject, name, **changed)
    (finding,) = found(org)
    assert (finding.severity, finding.where) == (Severity.BLOCKING, told[0])
    assert told[1] in finding.what
    assert finding.todo


@pytest.mark.parametrize(
    ("sobject", "name"),
    [("Contact", EXTERNAL_ID), ("Contact", "Birthdate"), ("Contact", "AccountId"), (RUN_OBJECT, "Counts__c")],
)
def test_a_field_that_is_not_there_to_see_blocks(org: OrgTwin, sobject: str, name: str) -> None:
    hide(org, sobject, name)
    (finding,) = found(org)
    assert finding.severity is Severity.BLOCKING
    assert name in finding.where + finding.what
    assert "Deploy salesforce/" in finding.todo


def test_what_is_never_updated_need_not_be_editable(org: OrgTwin) -> None:
    change(org, "Contact", "Phone", updateable=False)
    change(org, "Contact", "AccountId", updateable=False)
    change(org, "Account", "Rating__c", nillable=False, defaulted_on_create=True)
    assert found(org) == []


def test_an_object_that_may_not_be_edited_blocks(org: OrgTwin) -> None:
    org.described["Account"] = replace(org.described["Account"], createable=False)
    assert [(f.where, "create and edit" in f.what) for f in found(org)] == [("Account", True)]


def test_a_missing_object_blocks_its_children_too_and_is_told_once(org: OrgTwin) -> None:
    del org.described["Account"], org.described[RUN_OBJECT], org.described[SETTING]
    places = [(finding.where, finding.what) for finding in found(org)]
    assert places == [
        ("Account", "The object is not there to see."),
        ("Contact", "Its parent account can't be loaded."),
        ("AccountContactRelation", "Its parent account can't be loaded."),
        (RUN_OBJECT, "The object of the report is not there to see."),
        (SETTING, "The setting that switches our triggers off is not there to see."),
    ]


def test_both_sides_that_do_not_answer_stand_in_one_list(org: OrgTwin) -> None:
    class Stranger(OrgTwin):
        def user_name(self) -> str:
            raise SignInRefused("Salesforce refused the credentials.", todo="Check the consumer secret.")

    findings = found(Stranger(), Tenant(GaveUp("Gentrack stayed away.", todo="Try later.")))
    assert [(f.where, f.what, f.todo) for f in findings] == [
        ("Gentrack", "Gentrack stayed away.", "Try later."),
        ("Salesforce", "Salesforce refused the credentials.", "Check the consumer secret."),
    ]


def test_an_org_that_stops_answering_hides_nothing(org: OrgTwin) -> None:
    class Leaving(OrgTwin):
        def describe(self, sobject: str) -> ObjectDescribe:
            raise GaveUp("Salesforce stayed away.")

    findings = found(Leaving(), Tenant(GaveUp("Gentrack stayed away.")))
    assert [finding.where for finding in findings] == [
        "Gentrack",
        *(spec.salesforce_object for spec in people()),
        RUN_OBJECT,
        SETTING,
    ]


@pytest.mark.parametrize("limit", ["DailyApiRequests", "DailyBulkApiBatches", "DailyBulkV2QueryJobs"])
def test_a_daily_limit_that_is_used_up_blocks(
    org: OrgTwin, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(org, "limits", lambda: {limit: {"Max": 10, "Remaining": 0}})
    (finding,) = found(org)
    assert finding.severity is Severity.BLOCKING
    assert limit in finding.what


def test_limits_that_can_not_be_read_and_state_picklists_and_no_recipients_are_notes(org: OrgTwin) -> None:
    class Closed(OrgTwin):
        def limits(self) -> Mapping[str, Mapping[str, int]]:
            raise GaveUp("No limits today.")

    closed = Closed()
    closed.described = org.described
    change(closed, "Account", "BillingStateCode")
    findings = found(closed, mails_to=())
    assert [(f.severity, f.where) for f in findings] == [
        (Severity.NOTE, "Account"),
        (Severity.NOTE, "limits"),
        (Severity.NOTE, "email"),
    ]
