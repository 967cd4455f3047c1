"""What write-back found and did, and links of rules among what a person may review."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the table; links that rules found before wait for a review as well."""
    op.create_table(
        "write_back",
        sa.Column("run_id", sa.String, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("counts", JSONB, nullable=False),
    )
    op.execute(
        "INSERT INTO review (instance, entity, external_id, salesforce_id, rule, state, found_in_run, note)"
        " SELECT instance, entity, external_id, salesforce_id, rule, state, found_in_run, ''"
        " FROM link WHERE state = 'linked' ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    """Drop the table, and what only a rule has said."""
    op.execute("DELETE FROM review WHERE state = 'linked'")
    op.drop_table("write_back")
