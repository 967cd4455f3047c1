"""What Alembic runs: always on a connection that `connector.store.migrating` gives it."""

from alembic import context
from sqlmodel import SQLModel

from connector.store import api_tables, tables

_ours = {
    table.__tablename__
    for module in (tables, api_tables)
    for table in vars(module).values()
    if hasattr(table, "__tablename__")
}

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    include_name=lambda name, kind, _: kind != "table" or name in _ours,
)

with context.begin_transaction():
    context.run_migrations()
