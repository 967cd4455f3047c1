"""Extract: both sides in parts, nested columns flat, values in canonical form."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from connector.entities import entity
from connector.entities.resources import ACCOUNTS, CUSTOMERS
from connector.mapping.vocabulary import Resource
from connector.model.run import Run
from connector.sync import folders
from connector.sync.extract import extract_gentrack, extract_salesforce
from connector.sync.staged_sql import Workspace
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.sync_records import account, customer

CONTACT, RELATION = entity("contact"), entity("account_contact_relation")


class Tenant:
    """A Gentrack tenant whose pages are given."""

    def __init__(self, *pages: Sequence[dict[str, Any]]) -> None:
        self._pages = pages

    def check(self) -> None: ...

    def now(self) -> None: ...

    def changed(
        self, resource: str, row_type: pa.StructType, since: datetime, ids: Sequence[int]
    ) -> Iterator[pa.Table]:
        raise NotImplementedError

    def lacking(self, resource: str, column: str, values: Sequence[str]) -> list[str]:
        raise NotImplementedError

    def count(self, resource: str, /) -> int | None:
        raise NotImplementedError

    def pages(self, resource: str, row_type: pa.StructType) -> Iterator[pa.Table]:
        for page in self._pages:
            yield pa.Table.from_pylist(list(page), pa.schema(list(row_type)))


def extracted(
    run: Run, workspace: Workspace, resource: Resource, *pages: Any, batch_rows: int = 200
) -> list[pa.Table]:
    rows = extract_gentrack(run, resource, Tenant(*pages), workspace.staging, batch_rows=batch_rows)
    parts = workspace.staging.parts(folders.gentrack(run, resource.name))
    assert rows == sum(part.rows for part in parts)
    return [workspace.staging.read(part.path) for part in parts]


@pytest.mark.parametrize(
    ("pages", "parts"),
    [([5], [3, 2]), ([1, 1, 1, 1], [3, 1]), ([6], [3, 3]), ([0, 2, 0], [2]), ([7, 1], [3, 3, 2]), ([2], [2])],
)
def test_parts_have_as_many_rows_as_a_batch_whatever_the_pages(
    run: Run, workspace: Workspace, pages: list[int], parts: list[int]
) -> None:
    records = [account(n) for n in range(sum(pages))]
    cut = [records[sum(pages[:i]) : sum(pages[: i + 1])] for i in range(len(pages))]
    tables = extracted(run, workspace, ACCOUNTS, *cut, batch_rows=3)
    assert [table.num_rows for table in tables] == parts
    assert [n for table in tables for n in table["id"].to_pylist()] == list(range(sum(pages)))


@pytest.mark.parametrize("pages", [[], [[]]])
def test_a_set_without_records_leaves_one_part_that_has_columns(
    run: Run, workspace: Workspace, pages: list[Any]
) -> None:
    (table,) = extracted(run, workspace, CUSTOMERS, *pages)
    assert table.num_rows == 0
    assert {"id", "number", "primaryContact.email", "primaryContact.address.postcode"} <= set(
        table.column_names
    )


def test_nested_columns_are_joined_by_dots_and_missing_ones_are_null(run: Run, workspace: Workspace) -> None:
    given = customer(1, primaryContact={"email": "a@b.co", "address": {"postcode": "6011"}})
    nobody = customer(2, primaryContact=None)
    (table,) = extracted(run, workspace, CUSTOMERS, [given, nobody])
    assert table["primaryContact.email"].to_pylist() == ["a@b.co", None]
    assert table["primaryContact.address.postcode"].to_pylist() == ["6011", None]
    assert table["primaryContact.address.address1"].to_pylist() == [None, None]


def test_a_repeated_extract_starts_clean(run: Run, workspace: Workspace) -> None:
    extracted(run, workspace, ACCOUNTS, [account(n) for n in range(9)], batch_rows=3)
    tables = extracted(run, workspace, ACCOUNTS, [account(1)], batch_rows=3)
    assert [table["id"].to_pylist() for table in tables] == [[1]]


def test_what_salesforce_holds_comes_in_canonical_form_with_its_parents_keys(
    run: Run, workspace: Workspace
) -> None:
    org = OrgTwin()
    home = org.add("Account", Gentrack_External_Id__c="A1")
    org.add(
        "Contact", Gentrack_External_Id__c="C1", AccountId=home, LastName=" Ngata ", MailingStreet="1\r\n2"
    )
    org.add("Contact", LastName="Nobody of ours")
    folder = folders.salesforce(run, "contact")
    assert extract_salesforce(CONTACT, org, workspace.staging, folder=folder, batch_rows=200) == 1
    (row,) = workspace.staging.read(workspace.staging.parts(folder)[0].path).to_pylist()
    assert (row["key"], row["parent.AccountId"]) == ("C1", "A1")
    assert (row["s.LastName"], row["s.MailingStreet"], row["s.Email"]) == ("Ngata", "1\n2", None)


def test_relations_without_a_key_are_read_too_where_both_parents_are_ours(
    run: Run, workspace: Workspace
) -> None:
    org = OrgTwin()
    ours = {"AccountId": org.add("Account", Gentrack_External_Id__c="A1")}
    person = org.add("Contact", Gentrack_External_Id__c="C1")
    org.add("AccountContactRelation", **ours, ContactId=person)
    org.add("AccountContactRelation", **ours, ContactId=org.add("Contact"))
    folder = folders.salesforce(run, RELATION.name)
    assert extract_salesforce(RELATION, org, workspace.staging, folder=folder, batch_rows=200) == 1
    (row,) = workspace.staging.read(workspace.staging.parts(folder)[0].path).to_pylist()
    assert (row["key"], row["parent.AccountId"], row["parent.ContactId"]) == (None, "A1", "C1")
    assert row["s.IsActive"] == "false"


def test_an_org_without_records_leaves_one_part_that_has_columns(run: Run, workspace: Workspace) -> None:
    folder = folders.salesforce(run, "contact")

    class Silent(OrgTwin):
        """Bulk query results without even a header."""

        def bulk_query(self, soql: str) -> Iterator[pa.Table]:
            yield pa.table({})

    for org in (OrgTwin(), Silent()):
        assert extract_salesforce(CONTACT, org, workspace.staging, folder=folder, batch_rows=200) == 0
        (part,) = workspace.staging.parts(folder)
        assert "parent.AccountId" in workspace.staging.read(part.path).column_names


def test_records_without_a_key_and_the_ids_of_parents_come_where_they_may_be_matched(
    run: Run, workspace: Workspace
) -> None:
    org = OrgTwin()
    home = org.add("Account")
    org.add("Contact", LastName="Somebody", AccountId=home)
    org.add("Contact", Gentrack_External_Id__c="C1")
    folder = folders.salesforce(run, "contact")
    staging = workspace.staging
    assert extract_salesforce(CONTACT, org, staging, folder=folder, batch_rows=200, unlinked=True) == 2
    first, second = staging.read(staging.parts(folder)[0].path).to_pylist()
    assert (first["key"], first["parent.AccountId"], first["parent_id.AccountId"]) == (None, None, home)
    assert (second["key"], second["parent_id.AccountId"]) == ("C1", None)
