"""Runs, their stages, entities, batches and bulk jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)
_OUTCOMES = ("created", "updated", "unchanged", "held", "rejected", "failed")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "run",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("instance", sa.String, nullable=False, index=True),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.Column("outcome", sa.String),
        sa.Column("stage", sa.String),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_table(
        "stage",
        sa.Column("run_id", sa.String, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.Column("error", sa.Text),
    )
    op.create_table(
        "entity",
        sa.Column("run_id", sa.String, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("expected", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Integer) for name in ("read", *_OUTCOMES)),
    )
    op.create_table(
        "batch",
        sa.Column("run_id", sa.String, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("entity", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in _OUTCOMES),
        sa.Column("finished_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "bulk_job",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("run_id", sa.String, sa.ForeignKey("run.id"), nullable=False, index=True),
        sa.Column("entity", sa.String, nullable=False),
        sa.Column("batch", sa.Integer, nullable=False),
        sa.Column("sobject", sa.String, nullable=False),
        sa.Column("operation", sa.String, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("successful", sa.Integer),
        sa.Column("failed", sa.Integer),
        sa.Column("unprocessed", sa.Integer),
        sa.Column("created_at", _MOMENT, nullable=False),
    )


def downgrade() -> None:
    """Drop them, children first."""
    for name in ("bulk_job", "batch", "entity", "stage", "run"):
        op.drop_table(name)
