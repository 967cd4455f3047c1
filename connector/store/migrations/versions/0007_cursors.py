"""Cursors of ongoing synchronisation, and when a run began to read what becomes them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "reading",
        sa.Column("run_id", sa.String, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("side", sa.String, primary_key=True),
        sa.Column("resource", sa.String, primary_key=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "cursor",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("instance", "side", "resource")),
        sa.Column("value", sa.String, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String, sa.ForeignKey("run.id"), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("cursor")
    op.drop_table("reading")
