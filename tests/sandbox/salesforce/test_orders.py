"""Price books, contracts and orders: drafts first, then activated, and what an activated one refuses."""

from dataclasses import dataclass

import pytest

from tests.sandbox.salesforce.org_client import DATA, OrgClient

EXT = "Gentrack_External_Id__c"


@dataclass(frozen=True)
class Shop:
    account: str
    book: str
    product: str
    entry: str


@pytest.fixture(scope="module")
def shop(org: OrgClient) -> Shop:
    (book,) = org.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")
    product = org.create("Product2", Name="Electricity", ProductCode="E1", IsActive=True)
    entry = org.create(
        "PricebookEntry", Product2Id=product, Pricebook2Id=book["Id"], UnitPrice=12.5, IsActive=True
    )
    return Shop(org.create("Account", Name="A"), book["Id"], product, entry)


def draft(org: OrgClient, shop: Shop, **values: object) -> str:
    fields = {
        "AccountId": shop.account,
        "EffectiveDate": "2026-01-01",
        "Status": "Draft",
        "Pricebook2Id": shop.book,
    }
    return org.create("Order", **fields | values)


def item(org: OrgClient, shop: Shop, order: str) -> str:
    return org.create("OrderItem", OrderId=order, PricebookEntryId=shop.entry, Quantity=2, UnitPrice=10)


def refusal(org: OrgClient, method: str, path: str, **body: object) -> str:
    response = org.http.request(method, f"{DATA}/sobjects/{path}", json=body)
    assert response.status_code == 400, response.text
    return str(response.json()[0]["errorCode"])


def test_a_price_is_named_after_its_product(org: OrgClient, shop: Shop) -> None:
    assert org.get("PricebookEntry", shop.entry)["ProductCode"] == "E1"

    org.http.patch(f"{DATA}/sobjects/Product2/{shop.product}", json={"Name": "Power"})

    assert org.get("PricebookEntry", shop.entry)["Name"] == "Power"


def test_a_product_has_one_price_in_a_book(org: OrgClient, shop: Shop) -> None:
    again = {"Product2Id": shop.product, "Pricebook2Id": shop.book, "UnitPrice": 1}
    assert refusal(org, "POST", "PricebookEntry", **again) == "FIELD_INTEGRITY_EXCEPTION"


def test_a_custom_book_needs_the_standard_price_first(org: OrgClient, shop: Shop) -> None:
    custom = org.create("Pricebook2", Name="Custom", IsActive=True)
    priceless = org.create("Product2", Name="Gas")
    values = {"Pricebook2Id": custom, "UnitPrice": 1}

    assert (
        refusal(org, "POST", "PricebookEntry", Product2Id=priceless, **values) == "STANDARD_PRICE_NOT_DEFINED"
    )
    assert org.create("PricebookEntry", Product2Id=shop.product, **values)


def test_a_contract_begins_as_a_draft_and_stays_activated(org: OrgClient, shop: Shop) -> None:
    values = {"AccountId": shop.account, "StartDate": "2026-01-31", "ContractTerm": 12}
    assert refusal(org, "POST", "Contract", Status="Activated", **values) == "FAILED_ACTIVATION"
    contract = org.create("Contract", **values)
    record = org.get("Contract", contract)
    assert (record["Status"], record["StatusCode"], record["EndDate"]) == ("Draft", "Draft", "2027-01-30")

    path = f"{DATA}/sobjects/Contract/{contract}"
    assert org.http.patch(path, json={"Status": "Activated"}).status_code == 204

    assert org.get("Contract", contract)["ActivatedDate"] is not None
    assert refusal(org, "PATCH", f"Contract/{contract}", Status="Draft") == "FAILED_ACTIVATION"
    assert org.http.patch(path, json={"ContractTerm": 24}).status_code == 204
    assert org.get("Contract", contract)["EndDate"] == "2028-01-30"


def test_an_order_needs_a_product_to_be_activated(org: OrgClient, shop: Shop) -> None:
    order = draft(org, shop)
    assert refusal(org, "PATCH", f"Order/{order}", Status="Activated") == "FAILED_ACTIVATION"

    line = org.get("OrderItem", item(org, shop, order))

    assert (line["TotalPrice"], line["ListPrice"], line["Product2Id"]) == (20.0, 12.5, shop.product)
    assert org.http.patch(f"{DATA}/sobjects/Order/{order}", json={"Status": "Activated"}).status_code == 204
    record = org.get("Order", order)
    assert (record["StatusCode"], record["TotalAmount"]) == ("Activated", 20.0)


def test_what_an_activated_order_refuses(org: OrgClient, shop: Shop) -> None:
    order = draft(org, shop)
    line = item(org, shop, order)
    org.http.patch(f"{DATA}/sobjects/Order/{order}", json={"Status": "Activated"})
    new = {"OrderId": order, "PricebookEntryId": shop.entry, "Quantity": 1, "UnitPrice": 1}

    assert refusal(org, "POST", "OrderItem", **new) == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert refusal(org, "PATCH", f"OrderItem/{line}", Quantity=3) == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert refusal(org, "PATCH", f"Order/{order}", Name="X") == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert org.http.patch(f"{DATA}/sobjects/Order/{order}", json={"Status": "Draft"}).status_code == 204
    assert org.http.patch(f"{DATA}/sobjects/OrderItem/{line}", json={"Quantity": 3}).status_code == 204


def test_an_item_takes_a_price_of_the_orders_book(org: OrgClient, shop: Shop) -> None:
    bookless = draft(org, shop, Pricebook2Id=None)
    new = {"OrderId": bookless, "PricebookEntryId": shop.entry, "Quantity": 1, "UnitPrice": 1}

    assert refusal(org, "POST", "OrderItem", **new) == "FIELD_INTEGRITY_EXCEPTION"


def test_orders_in_bulk_with_parents_of_three_kinds(org: OrgClient, shop: Shop, mark: str) -> None:
    org.load("Account", f"{EXT},Name\n{mark},A\n")
    org.load("Product2", f"{EXT},Name,IsActive\n{mark},P,true\n")
    org.load(
        "PricebookEntry",
        f"{EXT},Product2.{EXT},Pricebook2Id,UnitPrice,IsActive\n{mark},{mark},{shop.book},3,true\n",
    )
    org.load("Contract", f"{EXT},Account.{EXT},StartDate,ContractTerm\n{mark},{mark},2026-01-01,12\n")
    header = f"{EXT},Account.{EXT},Contract.{EXT},Pricebook2Id,EffectiveDate,Status\n"
    orders = org.load("Order", f"{header}{mark},{mark},{mark},{shop.book},2026-01-01,Draft\n")
    items = org.load(
        "OrderItem",
        f"{EXT},Order.{EXT},PricebookEntry.{EXT},Quantity,UnitPrice\n{mark}:1,{mark},{mark},2,5\n",
    )
    activated = org.load("Order", f"{EXT},Status\n{mark},Activated\n")

    assert orders.errors == items.errors == activated.errors == []
    (order,) = org.query(f"SELECT StatusCode, TotalAmount, Contract.{EXT} FROM Order WHERE {EXT} = '{mark}'")
    assert (order["StatusCode"], order["TotalAmount"], order["Contract"][EXT]) == ("Activated", 10.0, mark)
