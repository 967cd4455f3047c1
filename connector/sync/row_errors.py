"""What Salesforce says of a row it refused, told apart: may it pass when sent again, and what to do.

Errors read `CODE:message:FIELD,FIELD --` (`CODE:message:--` without a field); a message may hold colons and
line breaks, so the code ends at the first colon and the fields begin at the last (facts: Bulk API 2.0 guide,
"Get Job Failed Record Results").
"""

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.converters import TEXT, Column

UNPROCESSED = "UNPROCESSED"
"""A code of ours: the job ended before Salesforce came to the row."""
STOOD_STILL = "JOB_STOOD_STILL"
"""A code of ours: the job stood still for so long that it was aborted, and it has no answer for the row."""

PASSING = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "QUERY_TIMEOUT",
        "REQUEST_RUNNING_TOO_LONG",
        "SERVER_UNAVAILABLE",
        "TXN_SECURITY_METERING_ERROR",
        "APEX_CPU_TIME_LIMIT_EXCEEDED",
        UNPROCESSED,
        STOOD_STILL,
    }
)
"""Codes of rows that are worth sending again."""

_WHAT_TO_DO = {
    "DUPLICATE_VALUE": "Find the other record that holds this value in Salesforce, and merge or correct it.",
    "DUPLICATES_DETECTED": "A duplicate rule of the org found a similar record: link or merge them, or let "
    "the integration user bypass the rule.",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A validation rule of the org refuses this: correct the value in "
    "Gentrack, or exempt the integration user from the rule.",
    "FIELD_FILTER_VALIDATION_EXCEPTION": "A lookup filter of the org refuses this: correct the parent.",
    "INVALID_CROSS_REFERENCE_KEY": "The parent was deleted meanwhile, or the user may not see it.",
    "ENTITY_IS_DELETED": "The record was deleted in Salesforce: undelete it, or clear its external id.",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "A trigger or flow of the org failed on it: ask its owner.",
    "UNABLE_TO_LOCK_ROW": "Somebody else held the record each time: retry when the org is quieter.",
    "INSUFFICIENT_ACCESS_OR_READONLY": "The record is activated or locked, or the integration user may not "
    "edit it: change it in Salesforce, or give that user the permission.",
    "FAILED_ACTIVATION": "An order needs a line before it is activated: add its lines in Gentrack, or see "
    "what keeps them from Salesforce, and synchronise it again. An active contract stays active.",
    UNPROCESSED: "Salesforce did not come to this row: retry it.",
    STOOD_STILL: "Look at the job in Setup, Bulk Data Load Jobs; then resume the run, which sends it again.",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "Give the integration user edit access to the field.",
}
_OTHERWISE = "Correct the record in Gentrack, or ask the Salesforce administrator."


def explained(errors: Column) -> pd.DataFrame:
    """A column of sf__Error -> columns code, field, reason and todo."""
    parts = errors.fillna("").str.extract(r"(?s)^([A-Z][A-Z0-9_]*):(.*):([^:]*?)\s*(?:--)?\s*$")
    code = parts[0].astype(TEXT).fillna("UNKNOWN_EXCEPTION")
    reason = parts[1].astype(TEXT).fillna(errors).str.strip()
    said = pd.Series("Salesforce refused it: ", index=errors.index, dtype=TEXT)
    said = said.mask(code.isin([UNPROCESSED, STOOD_STILL]), "Salesforce did not come to it: ")
    return pd.DataFrame(
        {
            named.CODE: code,
            named.FIELD: parts[2].str.strip().astype(TEXT).mask(parts[2].str.strip() == ""),
            named.REASON: said + reason.fillna("no reason given"),
            named.WHAT_TO_DO: code.map(_WHAT_TO_DO).astype(TEXT).fillna(_OTHERWISE),
        }
    )
