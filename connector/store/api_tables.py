"""The ledger's tables of the API: who may call, by which keys tokens are signed, what was asked for."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from connector.store.columns import moment


class ApiAppRow(SQLModel, table=True):
    """An app that may call the API. Of its secrets only hashes are kept."""

    __tablename__ = "api_app"

    id: str = Field(primary_key=True)
    name: str
    instance: str = Field(index=True)
    role: str
    scopes: str = Field(description="Separated by spaces.")
    version: int = 1
    secret_hash: str = Field(sa_type=Text)
    earlier_hash: str | None = Field(default=None, sa_type=Text, description="Of the secret before.")
    earlier_until: datetime | None = Field(default=None, sa_column=moment())
    created_at: datetime = Field(sa_column=moment(nullable=False))
    created_by: str
    rotated_at: datetime | None = Field(default=None, sa_column=moment())
    revoked_at: datetime | None = Field(default=None, sa_column=moment())
    used_at: datetime | None = Field(default=None, sa_column=moment())


class SigningKeyRow(SQLModel, table=True):
    """A key that tokens are signed by; encrypted where the settings have a secret for it."""

    __tablename__ = "signing_key"

    id: str = Field(primary_key=True)
    private_key: str = Field(sa_type=Text, description="PKCS #8 in PEM.")
    public_key: str = Field(sa_type=Text, description="PEM.")
    created_at: datetime = Field(sa_column=moment(nullable=False))


class SyncJobRow(SQLModel, table=True):
    """One record that somebody asked to be synchronised; one of a record and direction waits for its turn."""

    __tablename__ = "sync_job"

    id: str = Field(primary_key=True)
    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, Identity(), nullable=False, unique=True),
    )
    instance: str
    direction: str
    entity: str
    record: str = Field(description="An external id or a Salesforce id, as it was asked for.")
    state: str
    source: str
    asked_by: str
    created_at: datetime = Field(sa_column=moment(nullable=False))
    next_attempt_at: datetime = Field(sa_column=moment(nullable=False))
    attempts: int = 0
    lease_until: datetime | None = Field(default=None, sa_column=moment())
    started_at: datetime | None = Field(default=None, sa_column=moment())
    finished_at: datetime | None = Field(default=None, sa_column=moment())
    run_id: str | None = Field(default=None, index=True)
    outcome: str | None = None
    key: str | None = None
    salesforce_id: str | None = None
    code: str | None = None
    reason: str | None = Field(default=None, sa_type=Text, description="It may quote a value.")
    todo: str | None = Field(default=None, sa_type=Text)
    fields: list[dict[str, Any]] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True)), description="Without values."
    )
    field_values: list[list[str | None]] | None = Field(
        default=None,
        sa_column=Column(JSONB(none_as_null=True)),
        description="Before and after of each field: personal data.",
    )


SYNC_JOB = SyncJobRow.__table__  # type: ignore[attr-defined]
Index(
    "sync_job_waiting",
    SYNC_JOB.c.instance,
    SYNC_JOB.c.direction,
    SYNC_JOB.c.entity,
    func.lower(SYNC_JOB.c.record),
    unique=True,
    postgresql_where=text("state = 'queued' AND attempts = 0"),
)
Index("sync_job_turn", SYNC_JOB.c.next_attempt_at, postgresql_where=text("state <> 'finished'"))
Index("sync_job_page", SYNC_JOB.c.instance, SYNC_JOB.c.number)


class SyncJobKeyRow(SQLModel, table=True):
    """An Idempotency-Key of an app, and the job that it got."""

    __tablename__ = "sync_job_key"

    app: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    body_hash: str
    job_id: str = Field(foreign_key="sync_job.id")
    created_at: datetime = Field(sa_column=moment(nullable=False))
