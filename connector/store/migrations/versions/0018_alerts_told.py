"""When the email of an alert went out, and when the alert recovered whose end is to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the columns; the alerts that stand there have been told."""
    op.add_column("alert", sa.Column("emailed_at", sa.DateTime(timezone=True)))
    op.add_column("alert", sa.Column("recovered_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE alert SET emailed_at = since")


def downgrade() -> None:
    """Drop them; an alert whose email did not go out is new again, one that has recovered is over."""
    op.execute("DELETE FROM alert WHERE emailed_at IS NULL OR recovered_at IS NOT NULL")
    op.drop_column("alert", "recovered_at")
    op.drop_column("alert", "emailed_at")
