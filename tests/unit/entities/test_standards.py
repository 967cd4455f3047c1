"""What every entity of the registry must be, and what the design's table says each one is."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from connector import entities
from connector.entities import entity, registry
from connector.mapping.converters import FLAG, TEXT
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, Field, FieldType, Master, Parent
from connector.model.outcome import RowOutcome
from sandbox.gentrack.finding import Finder
from sandbox.gentrack.tenant import Tenant
from sandbox.seed import Dataset

SPECS = [pytest.param(spec, id=spec.name) for spec in registry()]
FIELDS = [
    pytest.param(spec, field, id=f"{spec.name}.{field.api_name}")
    for spec in registry()
    for field in spec.fields
]
G, S = Master.GENTRACK, Master.SALESFORCE
DESIGN = {
    "Account": {
        "Name": S,
        "Trading_Name__c": S,
        "Company_Number__c": S,
        "Account_Class__c": S,
        "BillingStreet": S,
        "BillingCity": S,
        "BillingState": S,
        "BillingPostalCode": S,
        "BillingCountry": S,
        "Phone": S,
        "Fax": S,
    },
    "Contact": {
        "Salutation": S,
        "FirstName": S,
        "LastName": S,
        "Title": S,
        "Preferred_Name__c": S,
        "Phone": S,
        "OtherPhone": S,
        "MobilePhone": S,
        "Email": S,
        "Birthdate": S,
        "MailingStreet": S,
        "MailingCity": S,
        "MailingState": S,
        "MailingPostalCode": S,
        "MailingCountry": S,
    },
    "AccountContactRelation": {"Roles": S, "IsActive": G, "StartDate": G, "EndDate": G},
    "Product2": {"Name": G, "ProductCode": G, "Description": G, "Family": G, "IsActive": G},
    "PricebookEntry": {"UnitPrice": G, "IsActive": G},
    "Service_Point__c": {
        "Name": G,
        "Identifier_Type__c": G,
        "Service_Type__c": G,
        "Supply_Status__c": G,
        "Supply_Start_Date__c": G,
        "Supply_End_Date__c": G,
        "Street__c": G,
        "City__c": G,
        "State__c": G,
        "Postal_Code__c": G,
        "Country__c": G,
    },
    "Contract": {"StartDate": G, "ContractTerm": G, "Status": G},
    "Order": {"EffectiveDate": G, "Status": G, "Type": G},
    "OrderItem": {"Quantity": S, "UnitPrice": S},
}
"""Design section 4: the mapped fields of each object and their masters."""
TYPES = {
    "Email": FieldType.EMAIL,
    "Birthdate": FieldType.DATE,
    "StartDate": FieldType.DATE,
    "EndDate": FieldType.DATE,
    "IsActive": FieldType.BOOLEAN,
    "Roles": FieldType.MULTIPICKLIST,
    "Salutation": FieldType.PICKLIST,
    "Account_Class__c": FieldType.PICKLIST,
    "Phone": FieldType.PHONE,
    "OtherPhone": FieldType.PHONE,
    "MobilePhone": FieldType.PHONE,
    "Fax": FieldType.PHONE,
    "Family": FieldType.PICKLIST,
    "UnitPrice": FieldType.NUMBER,
    "Quantity": FieldType.NUMBER,
    "ContractTerm": FieldType.NUMBER,
    "Identifier_Type__c": FieldType.PICKLIST,
    "Service_Type__c": FieldType.PICKLIST,
    "Supply_Start_Date__c": FieldType.DATE,
    "Supply_End_Date__c": FieldType.DATE,
    "EffectiveDate": FieldType.DATE,
    "Status": FieldType.PICKLIST,
    "Type": FieldType.PICKLIST,
}
"""Fields that are not plain text."""


def view_columns(spec: EntitySpec) -> dict[str, str]:
    """The columns of a source view and their types, over resources without records."""
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE today = '2026-11-24'")
        for resource in spec.source.resources:
            empty = pa.schema(list(resource.row_type)).empty_table()
            while any(pa.types.is_struct(column.type) for column in empty.schema):
                empty = empty.flatten()
            connection.register(resource.name, empty)
        return {
            str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE {spec.source.sql}").fetchall()
        }


@pytest.mark.parametrize("spec", SPECS)
def test_every_column_that_an_entity_names_is_in_its_source_view(spec: EntitySpec) -> None:
    columns = view_columns(spec)
    wanted = {*spec.key, *(parent.key for parent in spec.parents)}
    wanted |= {source for field in spec.fields for source in field.sources}
    assert wanted <= columns.keys()
    assert "id" in columns, "the record's own number, by which rows of one key are kept in order"


@pytest.mark.parametrize("spec", SPECS)
def test_no_two_columns_of_a_source_view_differ_in_case_alone(spec: EntitySpec) -> None:
    """SQL takes them for the same one."""
    folded = [name.lower() for name in view_columns(spec)]
    assert len(set(folded)) == len(folded)


@pytest.mark.parametrize("spec", SPECS)
def test_every_resource_of_a_view_is_reached_by_joins_from_the_one_that_has_the_key(
    spec: EntitySpec,
) -> None:
    view = spec.source
    reached = {view.resources[0].name}
    for _ in view.joins:
        reached |= {join.resource.name for join in view.joins if join.of_resource.name in reached}
    assert reached == {resource.name for resource in view.resources}
    ways = Counter(join.resource.name for join in view.joins if join.resource != join.of_resource)
    assert set(ways.values()) <= {1}, "one way to a resource: whoever walks it back meets every row"
    assert view.resources[0].name not in ways
    for join in view.joins:
        assert join.column in {field.name for field in join.resource.row_type}
        assert join.of_column in {field.name for field in join.of_resource.row_type}
        assert join.resource in view.resources
        assert join.of_resource in view.resources
    assert set(spec.key) <= {field.name for field in view.resources[0].row_type}


def test_what_joins_and_keys_ask_for_is_offered_by_value() -> None:
    """docs/gentrack-contract.md, "By values": the sandbox's tenant answers what stands there."""
    offered = Finder(Tenant(Dataset(30))).fields
    for spec in registry():
        view = spec.source
        asked = {(view.resources[0].name, spec.key[0])} | {(r.name, "id") for r in view.resources}
        asked |= {(join.resource.name, join.column) for join in view.joins}
        asked |= {(join.of_resource.name, join.of_column) for join in view.joins if not join.lasting}
        assert [(name, field) for name, field in sorted(asked) if field not in offered[name]] == []


@pytest.mark.parametrize(("spec", "line"), FIELDS)
def test_a_field_comes_from_a_column_of_its_kind(spec: EntitySpec, line: Field) -> None:
    columns = view_columns(spec)
    kinds = {columns[source] for source in line.sources}
    if line.type is FieldType.NUMBER:
        assert kinds <= {"BIGINT", "DOUBLE"}
    elif line.type is FieldType.BOOLEAN and line.converter is not FLAG:
        assert kinds == {"BOOLEAN"}
    else:
        assert kinds == {"VARCHAR"}


@pytest.mark.parametrize(("spec", "line"), FIELDS)
def test_a_field_takes_as_many_columns_as_its_converter_does(spec: EntitySpec, line: Field) -> None:
    column = pd.Series(["x"], dtype=TEXT)
    assert len(line.converter.to_salesforce(*[column] * len(line.sources))) == 1
    if line.converter.to_gentrack:
        assert len(line.converter.to_gentrack(column)) == len(line.sources)


@pytest.mark.parametrize(("spec", "line"), FIELDS)
def test_a_field_has_the_type_of_its_salesforce_field(spec: EntitySpec, line: Field) -> None:
    assert line.type is TYPES.get(line.api_name, FieldType.TEXT)


@pytest.mark.parametrize("spec", SPECS)
def test_an_entity_has_the_fields_and_masters_of_the_designs_table(spec: EntitySpec) -> None:
    assert {field.api_name: field.master for field in spec.fields} == DESIGN[spec.salesforce_object]


@pytest.mark.parametrize("spec", SPECS)
def test_api_names_are_unique_and_none_is_the_key_or_a_parent(spec: EntitySpec) -> None:
    names = [EXTERNAL_ID, "Id", *(p.field for p in spec.parents), *(f.api_name for f in spec.fields)]
    assert len({name.lower() for name in names}) == len(names)


@pytest.mark.parametrize("spec", SPECS)
def test_parents_are_entities_that_go_first_and_the_lock_parent_is_one_of_them(spec: EntitySpec) -> None:
    before = [known.name for known in registry()[: registry().index(spec)]]
    assert {parent.entity for parent in spec.first_parents} <= set(before)
    assert {parent.entity for parent in spec.later_parents} <= {spec.name}
    needs_finishing = bool(spec.later_parents or spec.born_fields)
    assert (spec.finished_after is not None) == needs_finishing
    assert spec.finished_after in {None, spec.name, *(known.name for known in registry())}
    assert spec.lock_parent in {None, *(parent.field for parent in spec.parents)}
    assert not spec.found_by_parents or all(parent.required for parent in spec.parents)


def test_names_objects_and_files_are_unique_and_the_same() -> None:
    names, objects = ([getattr(spec, kind) for spec in registry()] for kind in ("name", "salesforce_object"))
    assert len(set(names)) == len(names)
    assert len(set(objects)) == len(objects)
    assert set(objects) == DESIGN.keys()
    folder = Path(entities.__file__).parent
    assert {file.stem for file in folder.glob("*.py")} - {"__init__", "resources"} == set(names)


def test_an_entity_is_found_by_its_name() -> None:
    assert entity("contact").salesforce_object == "Contact"
    with pytest.raises(KeyError):
        entity("opportunity")


def test_keys_and_parents_are_those_of_the_designs_table() -> None:
    account, contact, relation = (entity(n) for n in ("account", "contact", "account_contact_relation"))
    assert (account.key, account.first_parents, account.lock_parent) == (("number",), (), None)
    assert [(p.field, p.entity) for p in account.later_parents] == [("ParentId", "account")]
    assert contact.parents == (Parent("AccountId", "account", "home.accountNumber", required=False),)
    assert contact.lock_parent == relation.lock_parent == "AccountId"
    assert relation.key == ("accountNumber", "customerNumber")
    assert [(p.field, p.required) for p in relation.parents] == [("AccountId", True), ("ContactId", True)]
    locks = {spec.name: spec.lock_parent for spec in registry()}
    assert locks["service_point"] == "Account__c"
    assert locks["contract"] == locks["order"] == "AccountId"
    assert locks["order_item"] == "OrderId"


def test_a_customer_without_a_last_name_is_held_and_everything_else_rejected() -> None:
    def held() -> Iterator[str]:
        for spec in registry():
            yield from (f.api_name for f in spec.fields if f.when_missing is RowOutcome.HELD)

    assert list(held()) == ["LastName"]
