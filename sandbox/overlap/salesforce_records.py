"""A Gentrack customer as a salesperson would have typed it into Salesforce, without an External ID."""

from typing import Any

from sandbox.seed import Record

Fields = dict[str, Any]

COUNTRIES = {"NZ": "New Zealand", "AU": "Australia", "GB": "United Kingdom"}
_SALUTATIONS = {"Mr": "Mr.", "Mrs": "Mrs.", "Ms": "Ms.", "Dr": "Dr.", "Prof": "Prof.", "Mx": "Mx."}


def account_of(account: Record, customer: Record) -> Fields:
    """Fields of an Account."""
    contact = customer["primaryContact"]
    return {
        "Name": customer["name"],
        "Trading_Name__c": account["tradingName"],
        "Company_Number__c": account["companyNumber"],
        "Account_Class__c": account["accountClass"],
        "Phone": contact["phoneNumber1"],
        "Fax": contact["faxNumber"],
        **_address("Billing", account["billingAddress"]),
    }


def contact_of(customer: Record) -> Fields:
    """Fields of a Contact; for a business its contact person."""
    contact = customer["primaryContact"]
    return {
        "Salutation": _SALUTATIONS.get(contact["title"]),
        "FirstName": contact["forename"],
        "LastName": contact["surname"],
        "Title": contact["jobTitle"],
        "Preferred_Name__c": customer["preferredName"],
        "Email": contact["email"],
        "Birthdate": contact["dateOfBirth"],
        "Phone": contact["phoneNumber1"],
        "OtherPhone": contact["phoneNumber2"],
        "MobilePhone": contact["phoneNumber3"],
        **_address("Mailing", contact["address"]),
    }


def _address(prefix: str, address: Record) -> Fields:
    lines = (address["address1"], address["address2"], address["address3"])
    return {
        f"{prefix}Street": "\n".join(line for line in lines if line),
        f"{prefix}City": address["address4"],
        f"{prefix}State": address["address5"],
        f"{prefix}PostalCode": address["postcode"],
        f"{prefix}Country": COUNTRIES[address["country"]],
    }
