"""Which mapping a run was made with, so that a plan is not taken for another one's."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; of runs before it the mapping is not known."""
    op.add_column("run", sa.Column("fingerprint", sa.String, nullable=False, server_default=""))
    op.alter_column("run", "fingerprint", server_default=None)


def downgrade() -> None:
    """Drop it."""
    op.drop_column("run", "fingerprint")
