"""Contact: a customer, as a person. A business stands as the person that it names as its primary contact."""

from connector.entities.resources import ACCOUNT_CUSTOMERS, ACCOUNTS, CUSTOMERS
from connector.mapping.converters import COUNTRY, SALUTATION, lines
from connector.mapping.matching import Agreement, MatchingRule, Strength
from connector.mapping.normal_forms import NormalForm
from connector.mapping.vocabulary import (
    Creation,
    EntitySpec,
    Field,
    FieldType,
    Join,
    Master,
    Origin,
    Ownership,
    Parent,
    SourceView,
)
from connector.model.outcome import RowOutcome

_TEXT, _PHONE = FieldType.TEXT, FieldType.PHONE
_SALESFORCE = Master.SALESFORCE
_ADDRESS = "primaryContact.address"
_UNIT = "mailing address"
_STREET = tuple(f"{_ADDRESS}.address{line}" for line in (1, 2, 3))
_SAME_LAST_NAME = Agreement(("person.surname",), ("LastName",), NormalForm.PERSON)
_PHONES = tuple(f"primaryContact.phoneNumber{number}" for number in (1, 2, 3))

SPEC = EntitySpec(
    name="contact",
    salesforce_object="Contact",
    key=("number",),
    parents=(Parent("AccountId", "account", "home.accountNumber", required=False),),
    lock_parent="AccountId",
    ownership=Ownership(follows="AccountId"),
    # The home account follows from the relations, so a customer can be made before any account is.
    creation=Creation(),
    matching=(
        MatchingRule(
            "email and last name",
            Strength.STRONG,
            (Agreement(("primaryContact.email",), ("Email",), NormalForm.EMAIL), _SAME_LAST_NAME),
        ),
        MatchingRule(
            "last name, birth date and phone",
            Strength.WEAK,
            (
                _SAME_LAST_NAME,
                Agreement(("primaryContact.dateOfBirth",), ("Birthdate",), NormalForm.DATE),
                Agreement(_PHONES, ("Phone", "OtherPhone", "MobilePhone"), NormalForm.PHONE),
            ),
        ),
        MatchingRule(
            "full name and postcode",
            Strength.WEAK,
            (
                Agreement(("person.forename",), ("FirstName",), NormalForm.PERSON),
                _SAME_LAST_NAME,
                Agreement((f"{_ADDRESS}.postcode",), ("MailingPostalCode",), NormalForm.POSTCODE),
            ),
        ),
    ),
    source=SourceView(
        resources=(CUSTOMERS, ACCOUNT_CUSTOMERS, ACCOUNTS),
        # The home account: the oldest active one where the customer is primary, else the oldest active one
        # of any role, else the oldest (docs/decisions/0004-home-account.md). The contact person's
        # name, where that is the customer: what is written to an own name must not be hidden by another's.
        sql="""
            WITH home AS (
                SELECT link.customerId, accounts.number AS accountNumber
                FROM accountCustomers AS link
                JOIN accounts ON accounts.id = link.accountId
                QUALIFY row_number() OVER (
                    PARTITION BY link.customerId
                    ORDER BY
                        accounts.cancelFl IS DISTINCT FROM 'Y' AND accounts.closedDttm IS NULL
                            AND link.cancelFl IS DISTINCT FROM 'Y' DESC,
                        link.primaryFl = 'Y' DESC,
                        accounts.fromDttm,
                        accounts.id
                ) = 1
            ),
            people AS (
                SELECT *,
                    (forename IS NULL OR forename IS NOT DISTINCT FROM "primaryContact.forename")
                    AND (surname IS NULL OR surname IS NOT DISTINCT FROM "primaryContact.surname")
                        AS isContact
                FROM customers
            )
            SELECT customers.* EXCLUDE (isContact),
                   home.accountNumber AS "home.accountNumber",
                   CASE WHEN forename IS NOT NULL OR surname IS NOT NULL THEN id END AS "person.id",
                   CASE WHEN isContact THEN id END AS "person.contactId",
                   coalesce(title, CASE WHEN isContact THEN "primaryContact.title" END) AS "person.title",
                   coalesce(forename, CASE WHEN isContact THEN "primaryContact.forename" END)
                       AS "person.forename",
                   coalesce(surname, CASE WHEN isContact THEN "primaryContact.surname" END)
                       AS "person.surname",
                   coalesce(jobTitle, CASE WHEN isContact THEN "primaryContact.jobTitle" END)
                       AS "person.jobTitle"
            FROM people AS customers
            LEFT JOIN home ON home.customerId = customers.id
        """,
        joins=(
            Join(ACCOUNT_CUSTOMERS, "customerId", CUSTOMERS, "id"),
            Join(ACCOUNTS, "id", ACCOUNT_CUSTOMERS, "accountId"),
        ),
        # A person's name stands on the customer and on its contact person; a business has the latter alone.
        origins=tuple(
            origin
            for name in ("title", "forename", "surname", "jobTitle")
            for origin in (
                Origin(f"person.{name}", CUSTOMERS, name, record="person.id", read=name),
                Origin(
                    f"person.{name}",
                    CUSTOMERS,
                    f"primaryContact.{name}",
                    record="person.contactId",
                    read=f"primaryContact.{name}",
                ),
            )
        ),
    ),
    fields=(
        Field("Salutation", "person.title", FieldType.PICKLIST, _SALESFORCE, SALUTATION),
        Field("FirstName", "person.forename", _TEXT, _SALESFORCE),
        Field("LastName", "person.surname", _TEXT, _SALESFORCE, when_missing=RowOutcome.HELD),
        Field("Title", "person.jobTitle", _TEXT, _SALESFORCE),
        Field("Preferred_Name__c", "preferredName", _TEXT, _SALESFORCE),
        Field("Phone", "primaryContact.phoneNumber1", _PHONE, _SALESFORCE),
        Field("OtherPhone", "primaryContact.phoneNumber2", _PHONE, _SALESFORCE),
        Field("MobilePhone", "primaryContact.phoneNumber3", _PHONE, _SALESFORCE),
        Field("Email", "primaryContact.email", FieldType.EMAIL, _SALESFORCE),
        Field("Birthdate", "primaryContact.dateOfBirth", FieldType.DATE, _SALESFORCE),
        Field("MailingStreet", _STREET, _TEXT, _SALESFORCE, lines(3), unit=_UNIT),
        Field("MailingCity", f"{_ADDRESS}.address4", _TEXT, _SALESFORCE, unit=_UNIT),
        Field("MailingState", f"{_ADDRESS}.address5", _TEXT, _SALESFORCE, unit=_UNIT),
        Field("MailingPostalCode", f"{_ADDRESS}.postcode", _TEXT, _SALESFORCE, unit=_UNIT),
        Field("MailingCountry", f"{_ADDRESS}.country", _TEXT, _SALESFORCE, COUNTRY, unit=_UNIT),
    ),
)
