"""What the run itself stands on: staging and its disk, who else holds the org, the mail server."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from connector.errors import ConnectorError
from connector.model.finding import Finding
from connector.sync.preflight.check import attest, blocking, note
from connector.sync.preflight.subject import Subject

LEAST_BYTES = 1 << 30
_GIBIBYTE = 1 << 30
_TRIAL = "preflight"


def staging(subject: Subject) -> Iterator[Finding]:
    """Whether a part can be written, read and removed, and whether this machine has any room."""
    folder = f"{_TRIAL}-{subject.instance.id}"
    trial = pa.table({"row": [1]})
    try:
        part = subject.staging.write(_TRIAL, 0, folder, trial)
        same = subject.staging.read(part.path).equals(trial)
        free = shutil.disk_usage(subject.staging.local(folder)).free
        subject.staging.clear(folder)
    except OSError as refused:
        reason = refused.strerror or str(refused)
        yield blocking(
            "staging",
            f"It can't be written and read: {reason}.",
            "Give the connector access to the folder or bucket that CONNECTOR_STAGING_FOLDER names.",
        )
        return
    if not same:
        yield blocking("staging", "What is read is not what was written.", "Look at the disk or the bucket.")
    if free < LEAST_BYTES:
        yield blocking(
            "staging",
            f"{gibibytes(free)} are free where the run works.",
            "Make room, or name another folder.",
        )


def reports(subject: Subject) -> Iterator[Finding]:
    """Whether the report can be kept on this machine."""
    folder = _nearest(subject.reports)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield blocking(
            "reports",
            f"{folder} can't be written.",
            "Give the connector access to the folder that CONNECTOR_REPORTS_FOLDER names.",
        )


def windows(subject: Subject) -> Iterator[Finding]:
    """Runs that hold this instance, or another one that loads into the same org, by the ledger."""
    if subject.ledger is None:
        return
    for window in subject.ledger.held():
        if window.run_id == subject.run_id:
            continue
        if window.instance == subject.instance.id and not window.lapsed:
            yield note(
                "windows",
                f"Run {window.run_id} holds this instance until {window.lease_until:%d %B %H:%M} UTC:"
                " a migration that is started now fails at confirm.",
                f"Wait for its end, or look at `connector window status --instance {window.instance}`.",
            )
        elif window.instance in subject.sharing_org:
            yield blocking(
                "windows",
                f"Run {window.run_id} of instance {window.instance} holds the same org: both would switch"
                " the same setting, and lock each other's records.",
                f"Wait for its end, or look at `connector window status --instance {window.instance}`.",
            )


def email(subject: Subject) -> Iterator[Finding]:
    """Whether anybody is told, and whether the mail server answers; it never stops a run."""
    if not subject.instance.email.recipients:
        yield note("email", "Nobody is told by email.", "Set email.recipients in the instance.")
    elif subject.mailer is None:
        yield note("email", "No mail server is set, so nobody is told.", "Set CONNECTOR_EMAIL__...")
    else:
        try:
            subject.mailer.check()
        except ConnectorError as error:
            yield attest(
                "email", f"The outcome can't be sent: {error.message}", error.todo or "Look at the server."
            )


def _nearest(folder: Path) -> Path:
    """The folder, or the first one above it that is there."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def gibibytes(amount: int) -> str:
    """Bytes for people."""
    return f"{amount / _GIBIBYTE:,.1f} GiB"
