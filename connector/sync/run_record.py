"""The run's record in Salesforce: the page that the link of the report leads to."""

import json
from datetime import datetime

from connector.model.run import Run
from connector.model.summary import Summary

RUN_OBJECT = "Gentrack_Sync_Run__c"
RUN_KEY = "Run_Id__c"
_COUNTS = {
    "read": "Read__c",
    "created": "Created__c",
    "updated": "Updated__c",
    "unchanged": "Unchanged__c",
    "held": "Held__c",
    "rejected": "Rejected__c",
    "failed": "Failed__c",
}
_OWN = (
    "Instance__c",
    "Mode__c",
    "Scope__c",
    "Outcome__c",
    "Stage__c",
    "Started_At__c",
    "Finished_At__c",
    "Message__c",
    "Counts__c",
)
RUN_FIELDS = frozenset({RUN_KEY, *_OWN, *_COUNTS.values()})
"""Every field of the run object that the connector writes."""


def record_of(run: Run, summary: Summary) -> dict[str, object]:
    """A finished run's field values, but for its key."""
    totals = summary.total.as_dict()
    return {
        "Instance__c": run.instance,
        "Mode__c": run.mode,
        "Scope__c": run.scope.told or "everything",
        "Outcome__c": summary.outcome.value.capitalize(),
        "Stage__c": summary.stage.value if summary.stage else None,
        "Started_At__c": _moment(run.started_at),
        "Finished_At__c": _moment(summary.finished_at),
        "Message__c": _message(summary),
        "Counts__c": json.dumps({name: counts.as_dict() for name, counts in summary.entities.items()}),
        **{field: totals[name] for name, field in _COUNTS.items()},
    }


def _message(summary: Summary) -> str:
    """The message, and what became of the outage window unless the message says so itself."""
    untold = summary.window and summary.window not in summary.message
    return f"{summary.message} {summary.window}" if untold else summary.message


def _moment(when: datetime) -> str:
    """Salesforce's dateTime, to the millisecond."""
    return when.isoformat(timespec="milliseconds")
