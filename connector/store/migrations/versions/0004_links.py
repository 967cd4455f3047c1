"""Links between records that are the same, and proposals of such that people decide on."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_PAIR = ("instance", "entity", "external_id", "salesforce_id")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "link",
        *(sa.Column(name, sa.String, primary_key=True) for name in _PAIR[:3]),
        sa.Column("salesforce_id", sa.String, nullable=False),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("found_in_run", sa.String, nullable=False),
    )
    op.create_index("link_of_salesforce_id", "link", ["instance", "entity", "salesforce_id"], unique=True)
    op.create_table(
        "review",
        *(sa.Column(name, sa.String, primary_key=True) for name in _PAIR),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("found_in_run", sa.String, nullable=False),
        sa.Column("decided_by", sa.String),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("review_of_salesforce_id", "review", ["instance", "entity", "salesforce_id"])
    for name in ("external_id", "salesforce_id"):
        op.create_index(
            f"review_accepted_{name}",
            "review",
            ["instance", "entity", name],
            unique=True,
            postgresql_where=sa.text("state = 'accepted'"),
        )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("review")
    op.drop_table("link")
