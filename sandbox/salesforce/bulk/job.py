"""What a bulk job is and how it is shown, which differs from request to request.

Source: Bulk API 2.0 guide, "Create a Job", "Upload Complete", "Get Information About a Job"; recorded
answers.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sandbox.salesforce.clock import rendered
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema.model import Field, Schema, SObjectType

DELIMITERS = {
    "COMMA": ",",
    "BACKQUOTE": "`",
    "CARET": "^",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


class State(StrEnum):
    """Where a job stands."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"

    @property
    def terminal(self) -> bool:
        """Whether nothing can happen to the job any more."""
        return self in {State.JOB_COMPLETE, State.FAILED, State.ABORTED}


@dataclass(slots=True)
class Job:
    """What ingest and query jobs have in common. Times are in milliseconds."""

    id: str
    operation: str
    object_name: str
    user_id: str
    version: str
    created: datetime
    folder: Path
    schema: Schema
    column_delimiter: str = "COMMA"
    line_ending: str = "LF"
    state: State = State.OPEN
    modified: datetime | None = None
    processed: int = 0
    failed: int = 0
    retries: int = 0
    total_milliseconds: int = 0
    active_milliseconds: int = 0
    error_message: str | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def delimiter(self) -> str:
        """The character between values."""
        return DELIMITERS[self.column_delimiter]

    @property
    def api_version(self) -> float:
        """The number of the version, such as 66.0."""
        return float(self.version.removeprefix("v"))

    def change(self, state: State, moment: datetime) -> None:
        """Moves the job on."""
        with self.lock:
            self.state = state
            self.modified = moment

    def begin(self, moment: datetime) -> bool:
        """Takes the job up; False if that isn't asked for any more."""
        with self.lock:
            if self.state is not State.UPLOAD_COMPLETE:
                return False
            self.change(State.IN_PROGRESS, moment)
            return True

    def end(self, state: State, moment: datetime) -> None:
        """Ends the job, unless it was aborted meanwhile."""
        with self.lock:
            if self.state is State.IN_PROGRESS:
                self.change(state, moment)

    def head(self) -> dict[str, Any]:
        """The properties with which every answer begins."""
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.object_name,
            "createdById": self.user_id,
            "createdDate": rendered(self.created),
            "systemModstamp": rendered(self.modified or self.created),
            "state": self.state.value,
        }


@dataclass(slots=True)
class IngestJob(Job):
    """A job that writes. ``uploaded`` is set by its one upload."""

    sobject: SObjectType | None = None
    key: Field | None = None
    external_id_name: str | None = None
    assignment_rule_id: str | None = None
    uploaded: bool = False
    parts: int = 0

    @property
    def upload_file(self) -> Path:
        """Where the CSV of the client lies."""
        return self.folder / "upload.csv"

    def _middle(self) -> dict[str, Any]:
        middle = {"concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": self.api_version}
        return ({"externalIdFieldName": self.external_id_name} if self.external_id_name else {}) | middle

    def _tail(self) -> dict[str, Any]:
        tail: dict[str, Any] = {"lineEnding": self.line_ending, "columnDelimiter": self.column_delimiter}
        if self.state is State.OPEN:
            tail = {"contentUrl": f"services/data/{self.version}/jobs/ingest/{self.id}/batches", **tail}
        if self.assignment_rule_id:
            tail["assignmentRuleId"] = self.assignment_rule_id
        return tail

    def created_view(self) -> dict[str, Any]:
        """The answer to the request that created the job."""
        return self.head() | self._middle() | self._tail()

    def changed_view(self) -> dict[str, Any]:
        """The shorter answer to a change of state."""
        return self.head() | self._middle()

    def full_view(self) -> dict[str, Any]:
        """The answer to a question about the job."""
        view = self.created_view() | {"jobType": "V2Ingest"}
        if self.uploaded:
            view |= {
                "numberRecordsProcessed": self.processed,
                "numberRecordsFailed": self.failed,
            }
        view |= {
            "retries": self.retries,
            "totalProcessingTime": self.total_milliseconds,
            "apiActiveProcessingTime": self.active_milliseconds,
            "apexProcessingTime": 0,
        }
        if self.state is State.FAILED and self.error_message:
            view["errorMessage"] = self.error_message
        return view


def unknown_job() -> ApiError:
    """No such job, or one that was deleted."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def invalid_state(message: str) -> ApiError:
    """A request that the job's state doesn't allow."""
    return ApiError(400, "INVALIDJOBSTATE", message)
