"""A Bulk API 2.0 ingest job: what we ask for, and what Salesforce says of it."""

from dataclasses import dataclass
from enum import StrEnum


class JobState(StrEnum):
    """States of a job, as Salesforce names them (Bulk API 2.0 guide, "Get Job Info")."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"


TERMINAL = frozenset({JobState.JOB_COMPLETE, JobState.FAILED, JobState.ABORTED})


class ResultKind(StrEnum):
    """The three result sets of an ingest job, as they stand in their address."""

    SUCCESSFUL = "successfulResults"
    FAILED = "failedResults"
    UNPROCESSED = "unprocessedrecords"


@dataclass(frozen=True)
class JobRequest:
    """`operation` is upsert, update or delete; upsert names the External ID field that it finds records by.

    `purpose` tells jobs of one batch apart in the ledger: its rows are loaded, and some of them finished.
    `row_key` is the column that tells rows apart in its CSV and in its results.
    """

    sobject: str
    operation: str
    external_id_field: str | None = None
    purpose: str = "load"
    row_key: str = "Gentrack_External_Id__c"


@dataclass(frozen=True)
class FormerJob:
    """A job of an attempt before the one that goes on: what it was for, in the numbers of that attempt."""

    id: str
    entity: str
    batch: int
    operation: str


@dataclass(frozen=True)
class JobStatus:
    """What Salesforce says of a job. `processed` includes the failed rows.

    `stood_still`: we aborted it, since it did not move any more.
    """

    id: str
    state: JobState
    processed: int
    failed: int
    error_message: str = ""
    stood_still: bool = False

    @property
    def is_terminal(self) -> bool:
        """Whether Salesforce has finished with the job, well or badly."""
        return self.state in TERMINAL
