"""What a run is about: everything, a pilot of some accounts, or what an earlier run left undone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns; earlier runs were about everything."""
    op.add_column("run", sa.Column("scope", JSONB, nullable=False, server_default="{}"))
    op.alter_column("run", "scope", server_default=None)
    op.add_column("run", sa.Column("retry_of", sa.String, sa.ForeignKey("run.id")))
    op.create_index("ix_run_retry_of", "run", ["retry_of"])


def downgrade() -> None:
    """Drop them."""
    op.drop_column("run", "retry_of")
    op.drop_column("run", "scope")
