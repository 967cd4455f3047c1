"""Sync jobs: records that somebody asked to be synchronised, and the keys by which apps ask once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "sync_job",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False, unique=True),
        sa.Column("instance", sa.String, nullable=False),
        sa.Column("direction", sa.String, nullable=False),
        sa.Column("entity", sa.String, nullable=False),
        sa.Column("record", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("asked_by", sa.String, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("next_attempt_at", moment, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_until", moment),
        sa.Column("started_at", moment),
        sa.Column("finished_at", moment),
        sa.Column("run_id", sa.String, index=True),
        sa.Column("outcome", sa.String),
        sa.Column("key", sa.String),
        sa.Column("salesforce_id", sa.String),
        sa.Column("code", sa.String),
        sa.Column("reason", sa.Text),
        sa.Column("todo", sa.Text),
        sa.Column("fields", JSONB),
        sa.Column("field_values", JSONB),
    )
    op.create_index(
        "sync_job_waiting",
        "sync_job",
        ["instance", "direction", "entity", sa.text("lower(record)")],
        unique=True,
        postgresql_where=sa.text("state = 'queued' AND attempts = 0"),
    )
    op.create_index(
        "sync_job_turn", "sync_job", ["next_attempt_at"], postgresql_where=sa.text("state <> 'finished'")
    )
    op.create_index("sync_job_page", "sync_job", ["instance", "number"])
    op.create_table(
        "sync_job_key",
        sa.Column("app", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("body_hash", sa.String, nullable=False),
        sa.Column("job_id", sa.String, sa.ForeignKey("sync_job.id"), nullable=False),
        sa.Column("created_at", moment, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("sync_job_key")
    op.drop_table("sync_job")
