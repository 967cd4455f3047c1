"""What two systems last agreed on of each record."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "agreement",
        sa.Column("instance", sa.String, primary_key=True),
        sa.Column("entity", sa.String, primary_key=True),
        sa.Column("folded", sa.String, primary_key=True),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("salesforce_id", sa.String),
        sa.Column("gentrack_id", sa.BigInteger),
        sa.Column("standing", sa.String, nullable=False),
        sa.Column("fields", sa.String, nullable=False),
        sa.Column("agreed", sa.LargeBinary, nullable=False),
        sa.Column("contested", sa.Integer, nullable=False),
    )
    for name in ("salesforce_id", "gentrack_id"):
        op.create_index(f"agreement_of_{name}", "agreement", ["instance", "entity", name])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("agreement")
