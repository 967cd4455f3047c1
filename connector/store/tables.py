"""The ledger's tables. A change here needs a migration (a test compares the two)."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from connector.model.run import Run
from connector.model.scope import Scope
from connector.store.columns import moment


class RunRow(SQLModel, table=True):
    """One run; its id is that of its Prefect flow run."""

    __tablename__ = "run"

    id: str = Field(primary_key=True)
    instance: str = Field(index=True)
    mode: str
    fingerprint: str = Field(default="", description="Of the mapping that it was made with.")
    started_at: datetime = Field(sa_column=moment(nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=moment())
    outcome: str | None = None
    stage: str | None = Field(default=None, description="The stage that a failed run failed at.")
    message: str = Field(default="", sa_type=Text)
    scope: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, description="{} for everything.")
    earlier_run: str | None = Field(default=None, index=True, description="That it retries or undoes.")


def run_of(row: RunRow) -> Run:
    """The run that a row is about."""
    return Run(row.id, row.instance, row.mode, row.started_at, Scope.of(row.scope))


class StageRow(SQLModel, table=True):
    """One stage of a run; done again, it starts again."""

    __tablename__ = "stage"

    run_id: str = Field(primary_key=True, foreign_key="run.id")
    name: str = Field(primary_key=True)
    started_at: datetime = Field(sa_column=moment(nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=moment())
    error: str | None = Field(default=None, sa_type=Text)


class StepRow(SQLModel, table=True):
    """A step that a run does once, such as an entity's transform: a run that is resumed finds it done."""

    __tablename__ = "step"

    run_id: str = Field(primary_key=True, foreign_key="run.id")
    name: str = Field(primary_key=True)
    rows: int
    finished_at: datetime = Field(sa_column=moment(nullable=False))


class EntityRow(SQLModel, table=True):
    """The rows of one entity in a run: how many there are, and in the end what became of them."""

    __tablename__ = "entity"

    run_id: str = Field(primary_key=True, foreign_key="run.id")
    name: str = Field(primary_key=True)
    expected: int = 0
    read: int | None = None
    created: int | None = None
    updated: int | None = None
    unchanged: int | None = None
    held: int | None = None
    rejected: int | None = None
    failed: int | None = None


class BatchRow(SQLModel, table=True):
    """One batch of an entity that has been through upsert, and what became of its rows."""

    __tablename__ = "batch"

    run_id: str = Field(primary_key=True, foreign_key="run.id")
    entity: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    path: str
    rows: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    held: int = 0
    rejected: int = 0
    failed: int = 0
    finished_at: datetime = Field(sa_column=moment(nullable=False))


class BulkJobRow(SQLModel, table=True):
    """One Bulk API 2.0 job, written before its data is committed in Salesforce."""

    __tablename__ = "bulk_job"

    id: str = Field(primary_key=True)
    run_id: str = Field(foreign_key="run.id", index=True)
    entity: str
    batch: int
    sobject: str
    operation: str
    purpose: str
    rows: int
    state: str
    successful: int | None = None
    failed: int | None = None
    unprocessed: int | None = None
    created_at: datetime = Field(sa_column=moment(nullable=False))


class OutageWindowRow(SQLModel, table=True):
    """One outage window; while reserved or open it is its instance's only one, and so a lock."""

    __tablename__ = "outage_window"
    __table_args__ = (
        Index(
            "outage_window_lock",
            "instance",
            unique=True,
            postgresql_where=text("state IN ('reserved', 'open')"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    instance: str
    run_id: str = Field(foreign_key="run.id", index=True)
    state: str
    claimed_by: str | None = Field(default=None, description="The name that was typed to confirm it.")
    attestations: dict[str, str] | None = Field(default=None, sa_type=JSONB)
    salesforce_before: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    gentrack_before: bool | None = None
    opened_at: datetime | None = Field(default=None, sa_column=moment())
    lease_until: datetime = Field(sa_column=moment(nullable=False))
    closed_at: datetime | None = Field(default=None, sa_column=moment())
    closed_by: str | None = None
    note: str = Field(default="", sa_type=Text)


class ReadingRow(SQLModel, table=True):
    """When a run began to read a resource or entity, by the clock of that side; read again, it is later."""

    __tablename__ = "reading"

    run_id: str = Field(primary_key=True, foreign_key="run.id")
    side: str = Field(primary_key=True)
    resource: str = Field(primary_key=True)
    began_at: datetime = Field(sa_column=moment(nullable=False))


class CursorRow(SQLModel, table=True):
    """Up to when the changes of a resource or entity are known to an instance."""

    __tablename__ = "cursor"

    instance: str = Field(primary_key=True)
    side: str = Field(primary_key=True)
    resource: str = Field(primary_key=True)
    value: str
    set_at: datetime = Field(sa_column=moment(nullable=False))
    run_id: str | None = Field(default=None, foreign_key="run.id", description="None: a poll set it.")


class LinkRow(SQLModel, table=True):
    """A record of Gentrack and one of Salesforce that are the same, and what says so."""

    __tablename__ = "link"
    __table_args__ = (Index("link_of_salesforce_id", "instance", "entity", "salesforce_id", unique=True),)

    instance: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    salesforce_id: str
    rule: str
    state: str = Field(description="linked (by a rule) or accepted (by a person).")
    found_in_run: str


class ReviewRow(SQLModel, table=True):
    """A pair that may be the same, and what a person decided; one accepted pair at most for each record."""

    __tablename__ = "review"
    __table_args__ = (
        Index("review_of_salesforce_id", "instance", "entity", "salesforce_id"),
        *(
            Index(
                f"review_accepted_{name}",
                *("instance", "entity", name),
                unique=True,
                postgresql_where=text("state = 'accepted'"),
            )
            for name in ("external_id", "salesforce_id")
        ),
    )

    instance: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    salesforce_id: str = Field(primary_key=True)
    rule: str
    state: str = Field(description="proposed, linked (by a rule), accepted or rejected.")
    found_in_run: str
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=moment())
    note: str = Field(default="", sa_type=Text)


class AgreementRow(SQLModel, table=True):
    """What two systems last agreed on of a record, and how the pair stands."""

    __tablename__ = "agreement"
    __table_args__ = tuple(
        Index(f"agreement_of_{name}", "instance", "entity", name) for name in ("salesforce_id", "gentrack_id")
    )

    instance: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
    folded: str = Field(primary_key=True, description="The external id in lower case.")
    key: str = Field(description="The external id as Gentrack writes it.")
    salesforce_id: str | None = None
    gentrack_id: int | None = Field(
        default=None, sa_type=BigInteger, description="Of the record of the entity's first resource."
    )
    standing: str = Field(description="linked or ended.")
    fields: str = Field(description="The fingerprint of the lines, which says what each hash is of.")
    agreed: bytes = Field(sa_type=LargeBinary, description="Eight bytes a line.")
    contested: int = 0
    seen: int | None = Field(
        default=None,
        sa_type=BigInteger,
        description="Of what both sides held, where a run agreed and nobody kept another agreement since.",
    )


class AuditRow(SQLModel, table=True):
    """One thing that a person did; never changed and never purged."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True)
    instance: str = Field(index=True)
    at: datetime = Field(sa_column=moment(nullable=False))
    who: str = Field(description="The name as claimed: nobody checks it.")
    action: str
    run_id: str | None = None
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, description="Keys and counts.")


class InboxRow(SQLModel, table=True):
    """A record that may have changed on one side, until it has been dealt with."""

    __tablename__ = "inbox"
    __table_args__ = (Index("inbox_turn", "instance", "next_attempt_at"),)

    instance: str = Field(primary_key=True)
    side: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    record_id: str = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger, description="That of its newest notice; no other row had it.")
    source: str
    changed_at: datetime | None = Field(default=None, sa_column=moment())
    first_seen: datetime = Field(sa_column=moment(nullable=False))
    last_seen: datetime = Field(sa_column=moment(nullable=False))
    next_attempt_at: datetime = Field(sa_column=moment(nullable=False))
    attempts: int = 0


class DeadLetterRow(SQLModel, table=True):
    """A record that is not tried again before a person says so, and why."""

    __tablename__ = "dead_letter"

    instance: str = Field(primary_key=True)
    side: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    record_id: str = Field(primary_key=True)
    code: str
    reason: str = Field(sa_type=Text)
    todo: str = Field(sa_type=Text)
    since: datetime = Field(sa_column=moment(nullable=False))
    attempts: int


class ReplayRow(SQLModel, table=True):
    """The event of a channel of Salesforce's event bus after which an instance goes on listening."""

    __tablename__ = "replay"

    instance: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    replay_id: bytes
    set_at: datetime = Field(sa_column=moment(nullable=False))


class AlertRow(SQLModel, table=True):
    """What somebody is alerted of, once, until they know that it has recovered."""

    __tablename__ = "alert"

    instance: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    since: datetime = Field(sa_column=moment(nullable=False))
    told: str = Field(sa_type=Text)
    emailed_at: datetime | None = Field(default=None, sa_column=moment())
    recovered_at: datetime | None = Field(
        default=None, sa_column=moment(), description="Then its end is still to be told."
    )


class WriteBackRow(SQLModel, table=True):
    """What write-back found and did in a run, or what a plan says that it would do."""

    __tablename__ = "write_back"

    run_id: str = Field(primary_key=True, foreign_key="run.id")
    mode: str
    records: int = Field(description="Records of Gentrack that the fields stand in.")
    counts: list[dict[str, Any]] = Field(sa_type=JSONB, description="Object, field, outcome, how many.")
