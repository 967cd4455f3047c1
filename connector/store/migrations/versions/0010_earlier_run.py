"""A run may be the retry of an earlier one, or its undo: one column tells which run that is."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Let the column of retries stand for both; preflight says where there is no such run."""
    op.drop_constraint("run_retry_of_fkey", "run", type_="foreignkey")
    op.alter_column("run", "retry_of", new_column_name="earlier_run")
    op.execute("ALTER INDEX ix_run_retry_of RENAME TO ix_run_earlier_run")


def downgrade() -> None:
    """Name it as before."""
    op.execute("ALTER INDEX ix_run_earlier_run RENAME TO ix_run_retry_of")
    op.alter_column("run", "earlier_run", new_column_name="retry_of")
    op.create_foreign_key("run_retry_of_fkey", "run", "run", ["retry_of"], ["id"])
