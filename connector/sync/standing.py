"""How rows stand between upsert and report: as they were sent; those that were not, as they were planned."""

from connector.mapping import columns as named
from connector.mapping.decisions import Operation


def standing_sql() -> str:
    """Over `plan`, `lined_up` and `result`: row, key, linked, operation, outcome and salesforce_id.

    A row that was to be sent and has no answer is left out.
    """
    return f"""
        SELECT plan.{named.ROW}, plan.{named.KEY}, plan.{named.LINKED},
               coalesce(lined_up.{named.OPERATION}, plan.{named.OPERATION}) AS {named.OPERATION},
               coalesce(result.{named.OUTCOME}, plan.{named.OUTCOME}) AS {named.OUTCOME},
               coalesce(result.{named.SALESFORCE_ID}, plan.{named.SALESFORCE_ID}) AS {named.SALESFORCE_ID}
        FROM plan
        LEFT JOIN lined_up ON lined_up.{named.ROW} = plan.{named.ROW}
        LEFT JOIN result ON result.{named.ROW} = plan.{named.ROW}
        WHERE plan.{named.OPERATION} = '{Operation.NONE}' OR result.{named.ROW} IS NOT NULL
    """
