"""How far each instance has listened to Salesforce's events."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "replay",
        sa.Column("instance", sa.String, primary_key=True),
        sa.Column("channel", sa.String, primary_key=True),
        sa.Column("replay_id", sa.LargeBinary, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("replay")
