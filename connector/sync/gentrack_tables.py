"""Gentrack's staged records as tables of SQL: each record once, however often it was read."""

from connector.mapping.vocabulary import EntitySpec, Resource
from connector.model.run import Run
from connector.sync import folders
from connector.sync.staged_sql import StagedSql


def gentrack_tables(run: Run, spec: EntitySpec, sql: StagedSql) -> None:
    """Make each resource of the entity's source view a table of its own name."""
    for resource in spec.source.resources:
        _each_once(resource, folders.gentrack(run, resource.name), sql)


def _each_once(resource: Resource, folder: str, sql: StagedSql) -> None:
    """A record that moved between two pages is read twice: what is the same in everything is one record.

    Records that share an id and differ stay as they are: which of them is right, only a person can tell.
    """
    read = f"read_{resource.name}"
    sql.table(read, folder)
    again = f"SELECT id FROM {read} WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1"
    if sql.rows(f"SELECT 1 FROM {read} HAVING count(id) > count(DISTINCT id)"):
        once = f"SELECT DISTINCT * FROM {read} SEMI JOIN ({again}) USING (id)"
        rest = f"SELECT * FROM {read} ANTI JOIN ({again}) USING (id)"
        sql.run(f"CREATE VIEW {resource.name} AS {rest} UNION ALL {once}")
    else:
        sql.run(f"CREATE VIEW {resource.name} AS FROM {read}")
