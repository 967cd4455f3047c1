"""What write-back found and did, told: counts by field, and a file of every field that differed."""

from collections.abc import Sequence
from pathlib import Path

from connector.mapping import claims as claim
from connector.mapping import columns as named
from connector.mapping.claims import Obstacle
from connector.model.run import Run
from connector.model.write_back import FieldCount, WriteBack, WriteBackMode, WriteBackOutcome
from connector.sync import folders
from connector.sync.gentrack_reasons import OTHERWISE, TOLD
from connector.sync.ports import Staging
from connector.sync.staged_sql import StagedSql, Workspace

WRITE_BACK_FILE = "write_back.csv"
_WAITS = (Obstacle.LINK_NOT_REVIEWED, Obstacle.CONTRADICTED)
"""Obstacles that a person removes in Salesforce or by a review; the others leave the field as it is."""


def keep_written(run: Run, workspace: Workspace) -> None:
    """Keep what an attempt of a run wrote, before the next one reads both sides anew and finds it equal.

    Nothing else knows what Gentrack held before. Of a batch that was begun and not told any field may be
    written; those that are not are found again. Safe to repeat.
    """
    staging, folder = workspace.staging, folders.written_before(run)
    begun = [str(part.number) for part in staging.parts(folders.begun(run))]
    if not begun:
        return
    with workspace.sql() as sql:
        sql.table("differing", folders.differing(run))
        sql.table_or_none("written", folders.written(run), _WRITTEN)
        sql.table("to_write", folders.to_write(run))
        known = sql.stream(f"""
            SELECT told.* REPLACE ('{WriteBackOutcome.WRITTEN}' AS outcome) FROM ({_told_sql()}) AS told
            SEMI JOIN (FROM to_write WHERE {named.BATCH} IN ({", ".join(begun)})) AS sent
                USING (entity, {named.ROW}, field)
            WHERE told.outcome IN ('{WriteBackOutcome.WRITTEN}', '{WriteBackOutcome.LISTED}')
        """)
        staging.write("written_before", len(staging.parts(folder)), folder, known.read_all())


def tell_write_back(run: Run, mode: WriteBackMode, workspace: Workspace, folder: Path) -> WriteBack:
    """Write write_back.csv (personal data) where anything differed; returns the counts."""
    if not is_told(run, workspace.staging):
        return WriteBack(mode)
    target = folder / WRITE_BACK_FILE
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with workspace.sql() as sql:
        sql.arrow("none", claim.SCHEMA.empty_table())
        if not workspace.staging.parts(folders.differing(run)):
            sql.run("CREATE VIEW differing AS FROM none")
        else:
            sql.table("differing", folders.differing(run))
        sql.table_or_none("written", folders.written(run), _WRITTEN)
        before = bool(workspace.staging.parts(folders.written_before(run)))
        if before:
            sql.table("written_before", folders.written_before(run))
        sql.keep("told", _told_with_earlier() if before else _told_sql())
        sql.run(f"""
            COPY (SELECT object, key AS external_id, salesforce_id, field, in_gentrack AS gentrack_value,
                         in_salesforce AS salesforce_value, place AS gentrack_place, outcome, code, reason,
                         what_to_do
                  FROM told ORDER BY file_row_number)
            TO '{target.as_posix().replace("'", "''")}' (FORMAT csv, HEADER)
        """)
        return WriteBack(mode, _counts(sql), _records(sql), str(target))


def is_told(run: Run, staging: Staging) -> bool:
    """Whether there is anything to tell of a run."""
    return bool(staging.parts(folders.differing(run)) or staging.parts(folders.written_before(run)))


_DONE = (
    WriteBackOutcome.REJECTED,
    WriteBackOutcome.LEFT,
    WriteBackOutcome.WRITTEN,
    WriteBackOutcome.UNCHANGED,
)
"""Outcomes of places; the first that any place of a field has is the field's."""
_WRITTEN = (claim.ENTITY, named.ROW, claim.FIELD, claim.PATH, named.OUTCOME, named.CODE, named.REASON)


def _told_sql() -> str:
    """A row for each field that differed; its places share an outcome, but for one that is refused."""
    waits = ", ".join(f"'{code}'" for code in _WAITS)
    place = f"{claim.ENTITY}, {named.ROW}, {claim.FIELD}, {claim.PATH}"
    partial = f"code <> '{Obstacle.UNIT_INCOMPLETE}'"
    return f"""
        SELECT * EXCLUDE (said), {_cased("reason")} AS reason, {_cased("todo")} AS what_to_do
        FROM (
            SELECT *, CASE
                {" ".join(f"WHEN list_contains(became, '{outcome}') THEN '{outcome}'" for outcome in _DONE)}
                WHEN code IN ({waits}) THEN '{WriteBackOutcome.HELD}'
                WHEN code IS NOT NULL THEN '{WriteBackOutcome.LEFT}'
                ELSE '{WriteBackOutcome.LISTED}'
            END AS outcome
            FROM (
                SELECT entity, object, {named.ROW}, key, salesforce_id, field,
                       any_value(in_gentrack) AS in_gentrack, any_value(in_salesforce) AS in_salesforce,
                       string_agg(resource || '/' || record || ' ' || path, '; ' ORDER BY path) AS place,
                       coalesce(min(told_code), min(code) FILTER ({partial}), min(code)) AS code,
                       any_value(said) AS said, list(became) AS became
                FROM differing
                LEFT JOIN (
                    SELECT entity, {named.ROW}::BIGINT AS {named.ROW}, field, path, outcome AS became,
                           code AS told_code, reason AS said
                    FROM written
                ) AS told USING ({place})
                GROUP BY entity, object, {named.ROW}, key, salesforce_id, field
                HAVING bool_or(differs)
            )
        )
        ORDER BY object, {named.ROW}, field
    """


def _told_with_earlier() -> str:
    """And what earlier attempts wrote: what differs again was not."""
    return f"""
        SELECT * FROM (
            FROM ({_told_sql()})
            UNION ALL BY NAME
            SELECT DISTINCT written_before.* FROM written_before
            ANTI JOIN (FROM differing WHERE differs) AS again USING (entity, key, field)
        )
        ORDER BY object, {named.ROW}, field
    """


def _cased(which: str) -> str:
    known = " ".join(
        f"WHEN '{code}' THEN '{_escaped(getattr(words, which))}'" for code, words in TOLD.items()
    )
    unknown = "said" if which == "reason" else f"CASE WHEN code IS NOT NULL THEN '{_escaped(OTHERWISE)}' END"
    return f"coalesce(CASE code {known} END, {unknown})"


def _counts(sql: StagedSql) -> tuple[FieldCount, ...]:
    rows: Sequence[tuple[object, ...]] = sql.rows("""
        SELECT object, field, outcome, coalesce(code, ''), count(*), coalesce(any_value(what_to_do), '')
        FROM told GROUP BY 1, 2, 3, 4 ORDER BY min(file_row_number), 2, 3, 4
    """)
    return tuple(
        FieldCount(str(sobject), str(field), str(outcome), str(code), int(str(fields)), str(todo))
        for sobject, field, outcome, code, fields, todo in rows
    )


def _records(sql: StagedSql) -> int:
    """Records of Gentrack that the fields are of, by the places that are told of each."""
    found = sql.rows("""
        SELECT count(DISTINCT split_part(one, ' ', 1))
        FROM (SELECT unnest(string_split(place, '; ')) AS one FROM told)
    """)
    return int(str(found[0][0]))


def _escaped(text: str) -> str:
    return text.replace("'", "''")
