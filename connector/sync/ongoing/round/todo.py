"""What a person is to do about a record that ongoing synchronisation can't settle, by code."""

from connector.mapping.agreement.record_cases import RecordCase

CONFLICT = "CONFLICT"
BUSY = "BUSY"
UNFORESEEN = "UNFORESEEN"

WHAT_TO_DO: dict[str, str] = {
    RecordCase.NO_ANSWER.name: "Let the connector's user see the record in Salesforce, then retry it.",
    RecordCase.DUPLICATE_KEY.name: "Give each record in Gentrack its own number, then retry it.",
    RecordCase.KEY_NOT_USABLE.name: "Correct the number in Gentrack, then retry it.",
    RecordCase.SEVERAL_CARRY_KEY.name: "Clear the external id of all but one in Salesforce, then retry it.",
    RecordCase.MERGED_WITH_LINKED.name: (
        "Two customers of Gentrack are one record in Salesforce now: merge them in Gentrack too, or undo the"
        " merge in Salesforce, then retry it."
    ),
    RecordCase.KEY_ON_ANOTHER.name: "Clear the external id of the wrong record in Salesforce, then retry it.",
    RecordCase.DELETED_AND_EDITED.name: (
        "Delete the record that is left, or bring the deleted one back, then retry it."
    ),
    RecordCase.CARRIES_ANOTHER_KEY.name: (
        "Clear or correct the external id of the record in Salesforce, then retry it."
    ),
    RecordCase.KEY_UNKNOWN.name: (
        "Clear the external id of the record in Salesforce, or create it in Gentrack, then retry it."
    ),
    RecordCase.PARENT_MISSING.name: "Give the record its parent, then retry it.",
    RecordCase.PARENT_AWAITED.name: "See what keeps its parent from the other side: it follows by itself.",
    RecordCase.LINK_PROPOSED.name: (
        "Say by `connector review accept` or `reject` whether they are the same; it goes on by itself then."
    ),
    CONFLICT: "Give both sides the same value, then retry it.",
    UNFORESEEN: "See the connector's log at that time; retry it once the cause is mended.",
}
