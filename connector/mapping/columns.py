"""Names of the columns that staged parts have between transform and report.

A prepared part has what Gentrack says of a row (`g.`) beside what Salesforce holds (`s.`), with the state of
its parents; a plan part has what should be done with it; a result part, what became of it.
"""

ROW = "row"
"""A row's number within its entity and run, from 0: the join between prepared, plan and result parts."""
KEY = "key"
"""The external id."""
KEY_COUNT = "key_count"
"""How many rows of the entity share the key, case folded."""
KEY_BROKEN = "key_broken"
"""A component of the key is empty or contains ':'."""
BATCH = "batch"
SALESFORCE_ID = "salesforce_id"
GENTRACK_ID = "gentrack_id"
"""The id of the record of the entity's first resource."""
STAMP = "stamp"
"""When a record was last changed, where the same stamp later proves that it was not since; else missing."""
LINKED = "linked"
"""Whether the Salesforce record already carries the external id."""
SALESFORCE_DIFFERS = "salesforce_differs"
"""Whether a field that Salesforce masters may differ from Gentrack, on a record that stands in Salesforce."""
PROPOSED = "proposed"
"""How many records in Salesforce may be the row's, as far as only a person can tell."""
OWNER = "owner"
"""The Salesforce id of who owns a record, or will; in a prepared part, of who owns the parent's."""
EXTERNAL_ID = "external_id"
RULE = "rule"
STATE = "state"

OPERATION = "operation"
OUTCOME = "outcome"
CODE = "code"
FIELD = "field"
REASON = "reason"
WHAT_TO_DO = "todo"
JOB = "job"

CREATED_BY = "created_by"
CHANGED_BY = "changed_by"
"""The users that made a record, and changed it last."""
CREATED_AT = "created_at"
"""When a record was made, as Salesforce writes it (CreatedDate, UTC)."""
MADE_LATER = "made_later"
"""Whether a record was made anew after the run, so that it is not the undone run's any more."""
ATTACHED = "attached"
"""What others have hung on a record, in words."""

IN_GENTRACK = "in_gentrack"
"""Whether Gentrack has the record (`connector.mapping.agreement.record_cases.Presence`)."""
IN_SALESFORCE = "in_salesforce"
"""Whether Salesforce has it: the linked record, else the one that was found for it."""
STANDING = "standing"
"""How the pair stands in the ledger (`connector.mapping.agreement.record_cases.Standing`)."""
FIELDS = "fields"
"""The fingerprint of the lines under which `AGREED` was packed."""
AGREED = "agreed"
"""The hashes of what was last agreed, packed."""
SEEN = "seen"
"""A number made of all that both sides held when a run agreed on a record; it tells whether they still do."""
CONTESTED = "contested"
"""How many times in a row a value of the record was restored or settled, and came back changed."""
SALESFORCE_KEY = "s.key"
"""The external id that the record in Salesforce carries."""
CARRIERS = "carriers"
"""How many records in Salesforce carry the record's external id, case folded."""
CARRIER_ID = "carrier_id"
"""The Salesforce id of the one that does."""
MERGED_INTO = "merged_into"
"""The Salesforce id of the record that the linked one was merged into (MasterRecordId)."""
MERGED_KEY = "merged_key"
"""The external id that the merged record's winner is linked with."""
DELETED = "deleted"
"""Whether Salesforce says that its record was deleted."""
IN_SCOPE = "in_scope"
"""Whether a record that is only in Salesforce meets the instance's criterion for being made in Gentrack."""
FLAGGED = "flagged"
"""Whether the record in Salesforce is flagged as deleted in Gentrack."""
GENTRACK_ID = "gentrack_id"
"""Gentrack's id of the record behind a row: of the first resource of its entity's source view."""
CLIENT_REFERENCE = "client_reference"
"""The reference under which a record was created in Gentrack: the Salesforce id of what it was made of."""
RELINKED = "relinked"
"""The Salesforce id that the pair is to be linked with instead."""
WHY = "why"
"""Why the decision is as it is, in words."""
ACTION = "action"

DONE = "done"
"""Whether what was to be done with a record came through."""
PASSING = "passing"
"""Whether it may come through when it is tried again."""

VERDICT = (OUTCOME, CODE, FIELD, REASON, WHAT_TO_DO)
"""What became of a row, and why, in the order in which every part has them."""


def gentrack(source: str) -> str:
    """The column of a Gentrack value."""
    return f"g.{source}"


def salesforce(api_name: str) -> str:
    """The column of a value that Salesforce holds."""
    return f"s.{api_name}"


def target(api_name: str) -> str:
    """The column of a value as it should be in Salesforce."""
    return f"t.{api_name}"


def now(name: str) -> str:
    """The column of a value as an undo finds it in Salesforce."""
    return f"now.{name}"


def parent_key(field: str) -> str:
    """The column of a parent's external id."""
    return f"parent.{field}"


def salesforce_parent(field: str) -> str:
    """The column of the external id of the parent that Salesforce holds, where it is written later."""
    return f"s.parent.{field}"


def parent_blank(field: str) -> str:
    """The column of whether a record that a row is linked with names no parent in Salesforce."""
    return f"s.parent.{field}.blank"


def given_parent(field: str) -> str:
    """The column of the external id of a parent that an existing record is given."""
    return f"given.parent.{field}"


def elsewhere(api_name: str) -> str:
    """The column of whether Gentrack has a field's value from another record in Salesforce."""
    return f"elsewhere.{api_name}"


def parent_id(field: str) -> str:
    """The column of a parent's Salesforce id."""
    return f"parent_id.{field}"


def parent_outcome(field: str) -> str:
    """The column of what became of a parent; missing where there is no such parent."""
    return f"parent.{field}.outcome"


def parent_there(field: str) -> str:
    """The column of whether a parent carries its external id in Salesforce, whatever became of its row."""
    return f"parent.{field}.there"


def parent_reason(field: str) -> str:
    """The column of why a parent is not in Salesforce."""
    return f"parent.{field}.reason"
