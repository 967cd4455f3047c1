"""Product2: what is sold, one for each price plan of a Gentrack product."""

from connector.entities.resources import PRICE_PLANS, PRODUCTS
from connector.mapping.converters import FLAG
from connector.mapping.vocabulary import EntitySpec, Field, FieldType, Join, Master, SourceView

_TEXT, _GENTRACK = FieldType.TEXT, Master.GENTRACK

SPEC = EntitySpec(
    name="product",
    salesforce_object="Product2",
    key=("productCode", "code"),
    source=SourceView(
        resources=(PRICE_PLANS, PRODUCTS),
        sql="""
            SELECT pricePlans.*,
                   products.name || ' - ' || pricePlans.name AS "product.name",
                   pricePlans.productCode || ':' || pricePlans.code AS "product.code",
                   products.description AS "product.description",
                   products.family AS "product.family",
                   CASE WHEN products.activeFl = 'Y' THEN pricePlans.activeFl ELSE 'N' END
                       AS "product.activeFl"
            FROM pricePlans
            LEFT JOIN products ON products.id = pricePlans.productId
        """,
        joins=(Join(PRODUCTS, "id", PRICE_PLANS, "productId"),),
    ),
    fields=(
        Field("Name", "product.name", _TEXT, _GENTRACK),
        Field("ProductCode", "product.code", _TEXT, _GENTRACK),
        Field("Description", "product.description", _TEXT, _GENTRACK),
        Field("Family", "product.family", FieldType.PICKLIST, _GENTRACK),
        Field("IsActive", "product.activeFl", FieldType.BOOLEAN, _GENTRACK, FLAG),
    ),
)
