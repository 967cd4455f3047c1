"""Account: what a customer is billed on. Its name, phone and fax are those of its primary customer."""

from connector.entities.resources import ACCOUNT_CUSTOMERS, ACCOUNTS, CUSTOMERS
from connector.mapping.converters import COUNTRY, lines
from connector.mapping.matching import Agreement, Child, MatchingRule, Strength, Support
from connector.mapping.normal_forms import NormalForm
from connector.mapping.vocabulary import (
    Creation,
    Criterion,
    EntitySpec,
    Field,
    FieldType,
    Join,
    Master,
    Origin,
    Ownership,
    Parent,
    PilotChoice,
    Reference,
    SourceView,
)

_TEXT, _PHONE, _PICKLIST = FieldType.TEXT, FieldType.PHONE, FieldType.PICKLIST
_SALESFORCE = Master.SALESFORCE
_UNIT = "billing address"
_STREET = tuple(f"billingAddress.address{line}" for line in (1, 2, 3))
_SAME_POSTCODE = Agreement(("billingAddress.postcode",), ("BillingPostalCode",), NormalForm.POSTCODE)
_SAME_NAME = Agreement(("primary.name",), ("Name",), NormalForm.NAME)

SPEC = EntitySpec(
    name="account",
    salesforce_object="Account",
    key=("number",),
    parents=(Parent("ParentId", "account", "parent.number", required=False, later=True),),
    finished_after="account",
    creation=Creation(references=(Reference("parentAccountId", "ParentId"),), primary="primaryCustomerId"),
    pilot=PilotChoice(ACCOUNTS, "number", kinds=("customer.kind",)),
    ownership=Ownership(
        criteria=(
            Criterion("account_class", "accountClass"),
            Criterion("state", "billingAddress.address5"),
            Criterion("country", "billingAddress.country"),
            Criterion("postcode_prefix", "billingAddress.postcode", prefix=True),
        )
    ),
    matching=(
        MatchingRule(
            "company number",
            Strength.STRONG,
            (Agreement(("companyNumber",), ("Company_Number__c",), NormalForm.NUMBER),),
        ),
        MatchingRule(
            "name and postcode",
            Strength.WEAK,
            (
                _SAME_NAME,
                _SAME_POSTCODE,
            ),
        ),
        # Somebody without a company number whose address Salesforce never had is known by a contact.
        MatchingRule(
            "name and email of a contact",
            Strength.WEAK,
            (
                _SAME_NAME,
                Agreement(("primary.email",), ("Email",), NormalForm.EMAIL, Child("contact", "AccountId")),
            ),
        ),
    ),
    support=Support("primary contact", "contact", "AccountId", "primary.number", (_SAME_POSTCODE,)),
    source=SourceView(
        resources=(ACCOUNTS, ACCOUNT_CUSTOMERS, CUSTOMERS),
        sql="""
            SELECT accounts.*,
                   customers.id AS "primary.id",
                   customers.number AS "primary.number",
                   customers.name AS "primary.name",
                   customers."primaryContact.phoneNumber1" AS "primary.phone",
                   customers."primaryContact.faxNumber" AS "primary.fax",
                   customers."primaryContact.email" AS "primary.email",
                   above.number AS "parent.number",
                   CASE WHEN accounts.companyNumber IS NULL THEN 'residential' ELSE 'business' END
                       AS "customer.kind"
            FROM accounts
            LEFT JOIN (
                FROM accountCustomers
                WHERE primaryFl = 'Y' AND cancelFl IS DISTINCT FROM 'Y'
                QUALIFY row_number() OVER (PARTITION BY accountId ORDER BY fromDt, id) = 1
            ) AS link ON link.accountId = accounts.id
            LEFT JOIN customers ON customers.id = link.customerId
            LEFT JOIN accounts AS above ON above.id = accounts.parentAccountId
        """,
        joins=(
            Join(ACCOUNT_CUSTOMERS, "accountId", ACCOUNTS, "id"),
            Join(CUSTOMERS, "id", ACCOUNT_CUSTOMERS, "customerId"),
            Join(ACCOUNTS, "id", ACCOUNTS, "parentAccountId", lasting=True),
        ),
        origins=(
            Origin("primary.name", CUSTOMERS, "name", record="primary.id"),
            Origin("primary.phone", CUSTOMERS, "primaryContact.phoneNumber1", record="primary.id"),
            Origin("primary.fax", CUSTOMERS, "primaryContact.faxNumber", record="primary.id"),
        ),
    ),
    fields=(
        Field("Name", "primary.name", _TEXT, _SALESFORCE),
        Field("Trading_Name__c", "tradingName", _TEXT, _SALESFORCE),
        Field("Company_Number__c", "companyNumber", _TEXT, _SALESFORCE),
        Field("Account_Class__c", "accountClass", _PICKLIST, _SALESFORCE),
        Field("BillingStreet", _STREET, _TEXT, _SALESFORCE, lines(3), unit=_UNIT),
        Field("BillingCity", "billingAddress.address4", _TEXT, _SALESFORCE, unit=_UNIT),
        Field("BillingState", "billingAddress.address5", _TEXT, _SALESFORCE, unit=_UNIT),
        Field("BillingPostalCode", "billingAddress.postcode", _TEXT, _SALESFORCE, unit=_UNIT),
        Field("BillingCountry", "billingAddress.country", _TEXT, _SALESFORCE, COUNTRY, unit=_UNIT),
        Field("Phone", "primary.phone", _PHONE, _SALESFORCE),
        Field("Fax", "primary.fax", _PHONE, _SALESFORCE),
    ),
)
