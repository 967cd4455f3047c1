"""Outage windows: at most one that is reserved or open for an instance."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table and its lock."""
    op.create_table(
        "outage_window",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("instance", sa.String, nullable=False),
        sa.Column("run_id", sa.String, sa.ForeignKey("run.id"), nullable=False, index=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("claimed_by", sa.String),
        sa.Column("attestations", JSONB),
        sa.Column("salesforce_before", JSONB),
        sa.Column("gentrack_before", sa.Boolean),
        sa.Column("opened_at", _MOMENT),
        sa.Column("lease_until", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT),
        sa.Column("closed_by", sa.String),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index(
        "outage_window_lock",
        "outage_window",
        ["instance"],
        unique=True,
        postgresql_where=sa.text("state IN ('reserved', 'open')"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("outage_window")
