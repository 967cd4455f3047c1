"""Gentrack's side of a round against the sandbox's tenant: found, traced, polled, made once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from connector.clients.gentrack.api import GentrackApi, connect_gentrack
from connector.clients.gentrack.calls import GentrackCalls, connect_calls
from connector.clients.gentrack.finding import GentrackFindingApi
from connector.clients.gentrack.records import GentrackRecordsApi
from connector.entities import entity, registry
from connector.entities.resources import ACCOUNT_CUSTOMERS, CUSTOMERS, METER_POINTS
from connector.instance import Instance
from connector.mapping import columns as named
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.terms import Terms
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import Notice, Side
from connector.settings import GentrackSecrets
from connector.sync.extract import flattened
from connector.sync.ongoing.gentrack.apply import apply_to_gentrack
from connector.sync.ongoing.gentrack.poll import changes_in_gentrack
from connector.sync.ongoing.gentrack.side import GentrackSide
from connector.sync.prepared_sql import key_sql
from deployments.sandbox_process import Sandbox
from tests.unit.mapping.agreement.two_systems import NEW_IN_SALESFORCE, linked
from tests.unit.sync.ongoing.told_org import ToldOrg

SPECS = [pytest.param(spec, id=spec.name) for spec in registry()]


@pytest.fixture(scope="module")
def calls(instance: Instance, contract_sandbox: Sandbox) -> Iterator[GentrackCalls]:
    given = contract_sandbox.gentrack
    secrets = GentrackSecrets(app_id=given.app_id, app_secret=given.app_secret)
    calls = connect_calls(instance, secrets, per_second=1000, parallel=4)
    yield calls
    calls.close()


@pytest.fixture(scope="module")
def finding(calls: GentrackCalls) -> Iterator[GentrackFindingApi]:
    finding = GentrackFindingApi(calls, page_size=25)
    yield finding
    finding.close()


@pytest.fixture(scope="module")
def side(finding: GentrackFindingApi) -> Iterator[GentrackSide]:
    with GentrackSide(finding, registry()) as side:
        yield side


@pytest.fixture
def records(calls: GentrackCalls) -> GentrackRecordsApi:
    return GentrackRecordsApi(calls)


@pytest.fixture(scope="module")
def whole(instance: Instance, contract_sandbox: Sandbox) -> Iterator[duckdb.DuckDBPyConnection]:
    """Every record of the tenant, a table a resource."""
    given = contract_sandbox.gentrack
    secrets = GentrackSecrets(app_id=given.app_id, app_secret=given.app_secret)
    api = connect_gentrack(instance, secrets)
    with duckdb.connect(config={"threads": 1}) as sql:
        sql.execute(f"SET VARIABLE today = '{datetime.now(UTC):%Y-%m-%d}'")
        for resource in {r.name: r for spec in registry() for r in spec.source.resources}.values():
            pages = list(api.pages(resource.name, resource.row_type))
            sql.register(resource.name, flattened(pa.concat_tables(pages)))
        yield sql


@pytest.mark.parametrize("spec", SPECS)
def test_rows_of_some_keys_are_those_of_the_whole_tenant(
    whole: duckdb.DuckDBPyConnection, side: GentrackSide, spec: EntitySpec
) -> None:
    key, _ = key_sql(spec)
    columns = [named.KEY, *(named.gentrack(source) for field in spec.fields for source in field.sources)]
    values = ", ".join(f'"{source}"::VARCHAR' for field in spec.fields for source in field.sources)
    rows = whole.execute(f"SELECT {key}, {values} FROM ({spec.source.sql}) ORDER BY 1, 2").fetchall()
    some = rows[::7]
    found = side.records(spec, [row[0].lower() for row in some])[columns].astype(object)
    told = [_sorted(row) for row in found.where(found.notna(), None).itertuples(index=False, name=None)]
    keys = {row[0].lower() for row in some}
    assert sorted(told, key=str) == sorted((_sorted(row) for row in rows if row[0].lower() in keys), key=str)
    assert len(told) >= len(some) > 1


def _sorted(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The roles of a relation come in no order."""
    return tuple(";".join(sorted(v.split(";"))) if isinstance(v, str) else v for v in row)


def test_a_change_is_polled_and_traced(
    finding: GentrackFindingApi, side: GentrackSide, records: GentrackRecordsApi, api: GentrackApi
) -> None:
    relations = next(api.pages(ACCOUNT_CUSTOMERS.name, ACCOUNT_CUSTOMERS.row_type)).to_pylist()
    one = next(relation for relation in relations if relation["primaryFl"] == "Y")
    began = api.now()
    assert began is not None
    change = records.change(
        "customers", one["customerId"], lambda held: {"jobTitle": f"not {held['jobTitle']}"}
    )
    assert change is not None
    notice = Notice(
        Side.GENTRACK,
        "customers",
        str(one["customerId"]),
        datetime.fromisoformat(change.record["updatedDttm"]),
    )
    pages = list(changes_in_gentrack(finding, CUSTOMERS, began))
    assert notice in [one for page in pages for one in page.notices]
    assert pages[-1].cursor is not None
    assert began.isoformat() > pages[-1].cursor
    rows = side.traced([notice]).rows[notice]
    assert {("contact", one["customerNumber"]), ("account", one["accountNumber"])} <= rows


def test_a_value_may_hold_a_comma(finding: GentrackFindingApi, records: GentrackRecordsApi) -> None:
    (point, *_) = next(finding.having("meterPoints", METER_POINTS.row_type, "id", ["101"])).to_pylist()
    odd = {"identifier": r"A,\B"}
    assert records.change("meterPoints", point["id"], lambda _: odd) is not None
    (found,) = finding.having("meterPoints", METER_POINTS.row_type, "identifier", [r"a,\b"])
    assert found["id"].to_pylist() == [point["id"]]
    records.change("meterPoints", point["id"], lambda _: {"identifier": point["identifier"]})


def test_a_record_that_is_not_there_is_told(side: GentrackSide) -> None:
    notice = Notice(Side.GENTRACK, "customers", "7")
    assert side.traced([notice]).gone == {notice}


def test_a_contact_and_its_account_are_made_once(
    finding: GentrackFindingApi, side: GentrackSide, records: GentrackRecordsApi
) -> None:
    org = ToldOrg()

    def made(name: str, salesforce_id: str, **values: str | None) -> dict[str, Any]:
        spec = entity(name)
        blank = {named.salesforce_parent(p.field): None for p in spec.parents}
        blank |= {named.parent_id(p.field): None for p in spec.parents}
        row = {**linked(spec), **NEW_IN_SALESFORCE, named.IN_SCOPE: True, **blank, **values}
        row[named.SALESFORCE_ID] = salesforce_id
        decisions = decide(spec, Terms(), batch_of(spec, [row]))
        (told,) = apply_to_gentrack(
            spec, decisions, decisions.records, records, finding=finding, org=org
        ).to_dict("records")
        assert told[named.DONE], told
        return {str(name): value for name, value in told.items()}

    contact_values = {"s.FirstName": "Ani", "s.LastName": "Ngata", "s.MailingCity": "Napier"}
    contact = made("contact", "003000000000001AAA", **contact_values)
    org.answer = lambda _: [
        {
            "AccountId": "001000000000001AAA",
            "Roles": None,
            "IsDirect": True,
            "CreatedDate": "2026-11-24T10:00:00.000+0000",
            "Id": "07k000000000001AAA",
            "Contact": {"Gentrack_External_Id__c": contact[named.KEY]},
        }
    ]
    account_values = {"s.Name": "Tui Ltd", "s.Phone": "06 1", "s.BillingCity": "Napier"}
    account = made("account", "001000000000001AAA", **account_values)
    assert made("contact", "003000000000001AAA", **contact_values)[named.KEY] == contact[named.KEY]
    assert made("account", "001000000000001AAA", **account_values)[named.KEY] == account[named.KEY]
    (row,) = side.records(entity("account"), [account[named.KEY]]).to_dict("records")
    assert (row["g.primary.name"], row["g.primary.phone"]) == ("Tui Ltd", "06 1")
    assert row[named.CLIENT_REFERENCE] == "001000000000001AAA"
    (person,) = side.records(entity("contact"), [contact[named.KEY]]).to_dict("records")
    assert person[named.parent_key("AccountId")] == account[named.KEY]
    parents = {"s.parent.AccountId": account[named.KEY], "s.parent.ContactId": contact[named.KEY]}
    relation = made("account_contact_relation", "07k000000000001AAA", **parents)
    assert relation[named.KEY] == f"{account[named.KEY]}:{contact[named.KEY]}"
    tables = finding.having(
        "accountCustomers", ACCOUNT_CUSTOMERS.row_type, "accountNumber", [account[named.KEY]]
    )
    assert sum(table.num_rows for table in tables) == 1
