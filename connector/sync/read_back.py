"""Read back: what Salesforce holds after the load, at the cost of what was changed since it was extracted.

Whoever changes a record moves its SystemModstamp. So only ids and stamps are read of all records, and values
of those whose stamp is not the one that extract saw: new ones, changed ones, and those that were changed in
the very second of extract. Where there was nothing to extract, everything is read whole.
"""

from collections.abc import Sequence

from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec
from connector.model.run import Run
from connector.sync import folders
from connector.sync.extract import extract_salesforce, extract_stamps
from connector.sync.ports import SalesforceOrg, Staging
from connector.sync.staged_sql import StagedSql, Workspace

THERE, FOUND = "there", "found_again"
"""Of every record that is there: its id, its key and whether it is steady, as it was extracted; and, beside
these, the columns of `extract_salesforce`."""
_SAME = f"({named.SALESFORCE_ID}, {named.STAMP})"


def read_back(
    run: Run, spec: EntitySpec, org: SalesforceOrg, workspace: Workspace, keys: Sequence[str] | None
) -> None:
    """Stage every record's stamp, and the records that have changed since extract; of `keys`, just these."""
    staging, extracted = workspace.staging, folders.salesforce(run, spec.name)
    stamps, changed = folders.stamps(run, spec.name), folders.read_back(run, spec.name)
    for folder in (stamps, changed):
        staging.clear(folder)
    since = None
    if keys is None and any(part.rows for part in staging.parts(extracted)):
        extract_stamps(spec, org, staging, folder=stamps, batch_rows=workspace.batch_rows)
        with workspace.sql() as sql:
            sql.table("extracted", extracted)
            sql.table("stamps", stamps)
            new = f"FROM stamps ANTI JOIN extracted USING {_SAME}"
            ((oldest,),) = sql.rows(f"SELECT min({named.STAMP}) {new}")
        if oldest is None:
            return
        since = str(oldest)
    extract_salesforce(
        spec, org, staging, folder=changed, batch_rows=workspace.batch_rows, keys=keys, since=since
    )


def there(run: Run, spec: EntitySpec, staging: Staging, sql: StagedSql) -> None:
    """Make the tables THERE and FOUND: of what was read back, and of what is still as it was extracted."""
    found_again(run, spec, staging, sql)
    sql.keep(THERE, f"SELECT {named.SALESFORCE_ID}, {named.KEY}, steady FROM {FOUND}")


def found_again(run: Run, spec: EntitySpec, staging: Staging, sql: StagedSql) -> None:
    """Make the table FOUND."""
    kinds, changed = [], folders.read_back(run, spec.name)
    if staging.parts(changed):
        sql.table("changed", changed)
        kinds.append("SELECT *, false AS steady FROM changed")
    if staging.parts(folders.stamps(run, spec.name)):
        sql.table("extracted", folders.salesforce(run, spec.name))
        sql.table("stamps", folders.stamps(run, spec.name))
        again = f"ANTI JOIN changed USING ({named.SALESFORCE_ID})" if kinds else ""
        kinds.append(f"SELECT *, true AS steady FROM extracted SEMI JOIN stamps USING {_SAME} {again}")
    sql.run(f"CREATE VIEW {FOUND} AS {' UNION ALL BY NAME '.join(kinds)}")
