"""What both sides held when a run agreed on a record, as a number, so that the next one need not compare."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column; what was agreed before is compared once more."""
    op.add_column("agreement", sa.Column("seen", sa.BigInteger))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("agreement", "seen")
