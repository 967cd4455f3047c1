"""The inbox of ongoing synchronisation, and dead letters."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_KEY = ("instance", "side", "kind", "record_id")


def upgrade() -> None:
    """Create the tables, and the sequence of the inbox's versions."""
    op.execute(sa.schema.CreateSequence(sa.Sequence("inbox_version")))
    op.create_table(
        "inbox",
        *(sa.Column(name, sa.String, primary_key=True) for name in _KEY),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True)),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=False)
            for name in ("first_seen", "last_seen", "next_attempt_at")
        ),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_index("inbox_turn", "inbox", ["instance", "next_attempt_at"])
    op.create_table(
        "dead_letter",
        *(sa.Column(name, sa.String, primary_key=True) for name in _KEY),
        sa.Column("code", sa.String, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("reason", "todo")),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("dead_letter")
    op.drop_table("inbox")
    op.execute(sa.schema.DropSequence(sa.Sequence("inbox_version")))
