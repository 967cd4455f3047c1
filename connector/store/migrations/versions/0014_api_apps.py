"""Apps that may call the API, and the keys that their tokens are signed by."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "api_app",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("instance", sa.String, nullable=False, index=True),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("scopes", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("secret_hash", sa.Text, nullable=False),
        sa.Column("earlier_hash", sa.Text),
        sa.Column("earlier_until", moment),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("rotated_at", moment),
        sa.Column("revoked_at", moment),
        sa.Column("used_at", moment),
    )
    op.create_table(
        "signing_key",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("private_key", sa.Text, nullable=False),
        sa.Column("public_key", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("signing_key")
    op.drop_table("api_app")
