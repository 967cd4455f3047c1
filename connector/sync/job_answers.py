"""The answers of a job: what became of each row that went into it.

Rows are joined by their key: results come in no promised order, and Salesforce may write numbers anew.
"""

import numpy as np
import pandas as pd

from connector.errors import CountsDisagree, RequestRefused
from connector.mapping import columns as named
from connector.mapping.canonical import folded
from connector.mapping.converters import TEXT, text_columns
from connector.model.job import JobState, JobStatus, ResultKind
from connector.model.outcome import RowOutcome
from connector.sync.ports import JobResults
from connector.sync.row_errors import STOOD_STILL, UNPROCESSED, explained

PASSING_JOBS = ("TooManyLockFailure", "Timeout", "InternalServerError")
"""Starts of a failed job's message after which its rows are worth sending again, in smaller jobs."""


def could_not_run(status: JobStatus) -> bool:
    """Whether Salesforce refused a whole job, and would again; nothing of it was written."""
    passing = status.stood_still or status.error_message.startswith(PASSING_JOBS)
    return status.state is not JobState.JOB_COMPLETE and status.processed == 0 and not passing


def answers_of(org: JobResults, status: JobStatus, row_key: str) -> pd.DataFrame:
    """Every row that Salesforce answered for: folded key, kind, verdict and salesforce_id."""
    found = []
    for kind, label in (
        (ResultKind.SUCCESSFUL, "successful"),
        (ResultKind.FAILED, "failed"),
        (ResultKind.UNPROCESSED, "unprocessed"),
    ):
        rows = _results(org, status, kind)
        if rows.empty:
            continue
        frame = pd.DataFrame({"folded": folded(rows[row_key]), "kind": label})
        frame[named.SALESFORCE_ID] = rows.get("sf__Id", pd.NA)
        if kind is ResultKind.SUCCESSFUL:
            made = (rows["sf__Created"] == "true").to_numpy(dtype=bool, na_value=False)
            frame[named.OUTCOME] = np.where(made, RowOutcome.CREATED.value, RowOutcome.UPDATED.value)
        else:
            errors = rows["sf__Error"] if "sf__Error" in rows else _unprocessed(rows.index, status)
            frame = frame.join(explained(errors))
            frame[named.OUTCOME] = RowOutcome.REJECTED.value
        found.append(frame)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame({"folded": [], "kind": []})


def _results(org: JobResults, status: JobStatus, kind: ResultKind) -> pd.DataFrame:
    """One result set; none where Salesforce gives none for an aborted job."""
    try:
        return org.results(status.id, kind).to_pandas(types_mapper=text_columns)
    except RequestRefused:
        if status.state is not JobState.ABORTED:
            raise
        return pd.DataFrame()


def answered_for(
    content: pd.DataFrame, answered: pd.DataFrame, status: JobStatus, row_key: str
) -> pd.DataFrame:
    """The answers, and for the rows that an aborted job has none for, that it stood still."""
    if not status.stood_still:
        return answered
    keys = folded(content[row_key])
    lost = keys[~keys.isin(answered["folded"])].reset_index(drop=True)
    frame = pd.DataFrame({"folded": lost, "kind": "unprocessed"})
    frame = frame.join(explained(_unprocessed(frame.index, status)))
    frame[named.OUTCOME] = RowOutcome.REJECTED.value
    return pd.concat([answered, frame], ignore_index=True)


def _unprocessed(index: pd.Index, status: JobStatus) -> "pd.Series[str]":
    code, message = UNPROCESSED, status.error_message
    if status.stood_still:
        code, message = STOOD_STILL, f"job {status.id} stood still and was aborted"
    message = message or f"the job ended as {status.state} before it came to this row"
    return pd.Series(f"{code}:{message}:--", index=index, dtype=TEXT)


def joined(content: pd.DataFrame, answered: pd.DataFrame, job_id: str, row_key: str) -> pd.DataFrame:
    """The answers -> verdict, salesforce_id and job of each row, on the index of `content`.

    Raises CountsDisagree where rows got no answer, or more than one.
    """
    known = answered.set_index("folded")
    keys = folded(content[row_key])
    lost = int((~keys.isin(known.index)).sum())
    if len(answered) != len(content) or not known.index.is_unique or lost:
        raise CountsDisagree(
            f"{len(content)} rows went into job {job_id}, but Salesforce answered for {len(answered)},"
            f" and not for {lost} of those sent.",
            todo="Compare the job's results in Salesforce with the ledger; the run can be started again.",
        )
    columns = [*named.VERDICT, named.SALESFORCE_ID]
    rows = known.reindex(columns=columns).loc[keys].set_axis(content.index)
    return rows.astype(TEXT).assign(**{named.JOB: pd.Series(job_id, index=content.index, dtype=TEXT)})
