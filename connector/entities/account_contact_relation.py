"""AccountContactRelation: which customer stands in which role on which account.

Salesforce makes the direct relation of a contact and its account by itself, without an external id; that
one is found by its parents and updated by Id, only the others are upserted as new.
"""

from connector.entities.resources import ACCOUNT_CUSTOMERS
from connector.mapping.converters import SINGLE_ROLE
from connector.mapping.vocabulary import (
    Creation,
    EntitySpec,
    Field,
    FieldType,
    Master,
    Origin,
    Parent,
    Reference,
    SourceView,
)

_GENTRACK = Master.GENTRACK

SPEC = EntitySpec(
    name="account_contact_relation",
    salesforce_object="AccountContactRelation",
    key=("accountNumber", "customerNumber"),
    parents=(
        Parent("AccountId", "account", "accountNumber"),
        Parent("ContactId", "contact", "customerNumber"),
    ),
    lock_parent="AccountId",
    found_by_parents=True,
    made_by_people="IsDirect = false",
    creation=Creation(references=(Reference("accountId", "AccountId"), Reference("customerId", "ContactId"))),
    source=SourceView(
        resources=(ACCOUNT_CUSTOMERS,),
        # A customer with several roles on an account, at once or one after another, is one relation.
        sql="""
            WITH role AS (
                SELECT *,
                       CASE WHEN primaryFl = 'Y' THEN 'Main' ELSE role END AS name,
                       cancelFl IS DISTINCT FROM 'Y' AND coalesce(toDt > getvariable('today'), true) AS active
                FROM accountCustomers
            )
            SELECT accountNumber, customerNumber, min(id) AS id,
                   coalesce(string_agg(DISTINCT name, ';') FILTER (active), string_agg(DISTINCT name, ';'))
                       AS roles,
                   bool_or(active) AS active,
                   min(fromDt) AS fromDt,
                   CASE WHEN count(toDt) = count(*) THEN max(toDt) END AS toDt,
                   CASE WHEN count(*) = 1 AND bool_and(primaryFl IS DISTINCT FROM 'Y') THEN min(id) END
                       AS "only.id",
                   any_value(role) AS "only.role"
            FROM role
            GROUP BY accountId, customerId, accountNumber, customerNumber
        """,
        # Who is primary, and several roles at once, are changed in Gentrack.
        origins=(Origin("roles", ACCOUNT_CUSTOMERS, "role", record="only.id", read="only.role"),),
    ),
    fields=(
        Field("Roles", "roles", FieldType.MULTIPICKLIST, Master.SALESFORCE, SINGLE_ROLE),
        Field("IsActive", "active", FieldType.BOOLEAN, _GENTRACK),
        Field("StartDate", "fromDt", FieldType.DATE, _GENTRACK),
        Field("EndDate", "toDt", FieldType.DATE, _GENTRACK),
    ),
)
