"""Steps that a run does once, and what a bulk job is for: a run can be resumed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table and the column."""
    op.create_table(
        "step",
        sa.Column("run_id", sa.String, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("bulk_job", sa.Column("purpose", sa.String, nullable=False, server_default="load"))
    op.alter_column("bulk_job", "purpose", server_default=None)


def downgrade() -> None:
    """Drop them."""
    op.drop_column("bulk_job", "purpose")
    op.drop_table("step")
