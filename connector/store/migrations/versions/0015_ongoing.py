"""Cursors that no run set, and alerts that were told."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Let polls move cursors; create the table of alerts."""
    op.alter_column("cursor", "run_id", existing_type=sa.String, nullable=True)
    op.create_table(
        "alert",
        sa.Column("instance", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop the table; cursors that no run set are forgotten."""
    op.drop_table("alert")
    op.execute("DELETE FROM cursor WHERE run_id IS NULL")
    op.alter_column("cursor", "run_id", existing_type=sa.String, nullable=False)
