"""Records of Gentrack as short as a test needs them."""

from typing import Any


def account(number: int, /, **changed: Any) -> dict[str, Any]:
    """An open account; its number is A<number>."""
    return {
        "id": number,
        "number": f"A{number}",
        "accountClass": "Invoice",
        "fromDttm": "2019-03-01T00:00:00Z",
        "cancelFl": "N",
    } | changed


def customer(number: int, /, *, email: str | None = None, **changed: Any) -> dict[str, Any]:
    """A residential customer; its number is C<number>."""
    return {
        "id": number,
        "number": f"C{number}",
        "name": f"Given{number} Family{number}",
        "forename": f"Given{number}",
        "surname": f"Family{number}",
        "primaryContact": {"email": email},
    } | changed


def link(
    number: int, account_number: int, customer_number: int, *, primary: str = "Y", **changed: Any
) -> dict[str, Any]:
    """A customer's role on an account."""
    return {
        "id": number,
        "accountId": account_number,
        "accountNumber": f"A{account_number}",
        "customerId": customer_number,
        "customerNumber": f"C{customer_number}",
        "primaryFl": primary,
        "role": "Main" if primary == "Y" else "Joint",
        "fromDt": "2019-03-01",
        "cancelFl": "N",
    } | changed
