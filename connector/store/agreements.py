"""Agreements in the ledger: by keys and ids, a round at a time; and whole entities, by COPY."""

from binascii import hexlify
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ARRAY, BigInteger, Engine, Text, any_, literal, text
from sqlmodel import col, delete, select

from connector.mapping import columns as named
from connector.mapping.agreement.record_cases import Standing
from connector.model.agreement import Agreement
from connector.store.copying import copied, rows_of
from connector.store.sessions import transaction
from connector.store.tables import AgreementRow

_KEEP = text("""
    INSERT INTO agreement
        (instance, entity, folded, key, salesforce_id, gentrack_id, standing, fields, agreed, contested)
    SELECT :instance, :entity, given.*
    FROM unnest(
        CAST(:folded AS text[]), CAST(:key AS text[]), CAST(:salesforce_id AS text[]),
        CAST(:gentrack_id AS bigint[]), CAST(:standing AS text[]), CAST(:fields AS text[]),
        CAST(:agreed AS bytea[]), CAST(:contested AS integer[])
    ) AS given
    ON CONFLICT (instance, entity, folded) DO UPDATE SET
        key = excluded.key, salesforce_id = excluded.salesforce_id, gentrack_id = excluded.gentrack_id,
        standing = excluded.standing, fields = excluded.fields, agreed = excluded.agreed,
        contested = excluded.contested, seen = NULL
""")
_GIVEN = {
    "folded": "text NOT NULL",
    named.KEY: "text NOT NULL",
    named.SALESFORCE_ID: "text NOT NULL",
    named.GENTRACK_ID: "bigint NOT NULL",
    named.AGREED: "bytea NOT NULL",
    named.SEEN: "bigint",
}
_HELD: dict[str, pa.DataType] = {
    named.KEY: pa.string(),
    named.SALESFORCE_ID: pa.string(),
    named.GENTRACK_ID: pa.int64(),
    named.STANDING: pa.string(),
    named.FIELDS: pa.string(),
    named.AGREED: pa.string(),
    named.CONTESTED: pa.int64(),
}
_INSERT = f"""
    INSERT INTO agreement
        (instance, entity, folded, key, salesforce_id, gentrack_id, agreed, seen, standing, fields, contested)
    SELECT %(instance)s, %(entity)s, given.*, '{Standing.LINKED}', %(fields)s, 0 FROM given
"""
_LEARN = f"{_INSERT} ON CONFLICT DO NOTHING"
_AGREED_ON = f"""
    {_INSERT}
    ON CONFLICT (instance, entity, folded) DO UPDATE SET
        key = excluded.key, salesforce_id = excluded.salesforce_id, gentrack_id = excluded.gentrack_id,
        standing = excluded.standing, fields = excluded.fields, agreed = excluded.agreed, contested = 0,
        seen = excluded.seen
    WHERE agreement.standing <> '{Standing.ENDED}' OR agreement.salesforce_id <> excluded.salesforce_id
"""
_ONE_KEY_A_RECORD = f"""
    DELETE FROM agreement USING given
    WHERE instance = %(instance)s AND entity = %(entity)s AND agreement.standing = '{Standing.LINKED}'
      AND agreement.salesforce_id = given.salesforce_id AND agreement.folded <> given.folded
"""
_COLUMNS = ("key", "salesforce_id", "gentrack_id", "standing", "fields", "agreed", "contested")


def folded(keys: Sequence[str]) -> list[str]:
    """External ids as Salesforce compares them: without regard to case (`mapping.canonical.folded`)."""
    lower: Any = pc.utf8_lower(pa.array(keys, pa.string()))
    return cast("list[str]", lower.to_pylist())


class SqlAgreements:
    """Fills the `Agreements` port. Every method is one transaction; all of them may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_keys(self, instance: str, entity: str, keys: Collection[str]) -> list[Agreement]:
        """Those of these external ids, letter case aside; in no order, and none for who has none."""
        return self._where(instance, entity, AgreementRow.folded, Text(), folded(list(keys)))

    def of_salesforce_ids(self, instance: str, entity: str, ids: Collection[str]) -> list[Agreement]:
        """Those of these Salesforce ids (18 characters); a record of several pairs comes several times."""
        return self._where(instance, entity, AgreementRow.salesforce_id, Text(), list(ids))

    def of_gentrack_ids(self, instance: str, entity: str, ids: Collection[int]) -> list[Agreement]:
        """Those of these records of the entity's first resource; one of several pairs comes several times."""
        return self._where(instance, entity, AgreementRow.gentrack_id, BigInteger(), list(ids))

    def keep(self, instance: str, entity: str, rows: Sequence[Agreement]) -> None:
        """Let these stand from now on, all or none; of several for one external id the last counts."""
        if not rows:
            return
        newest = dict(zip(folded([row.key for row in rows]), rows, strict=True))
        given: dict[str, Any] = {
            name: [getattr(newest[key], name) for key in sorted(newest)] for name in _COLUMNS
        }
        with transaction(self._engine) as session:
            whose = {"instance": instance, "entity": entity, "folded": sorted(newest)}
            session.connection().execute(_KEEP, whose | given)
            session.commit()

    def forget(self, instance: str, entity: str, keys: Collection[str]) -> None:
        """Remove those of these external ids, letter case aside."""
        self.erase(instance, entity, keys)

    def erase(self, instance: str, entity: str, keys: Collection[str]) -> int:
        """The same; returns how many there were."""
        among = any_(literal(folded(list(keys)), ARRAY(Text())))
        of_entity = (col(AgreementRow.instance) == instance, col(AgreementRow.entity) == entity)
        with transaction(self._engine) as session:
            gone = delete(AgreementRow).where(*of_entity, col(AgreementRow.folded) == among)
            removed = session.exec(gone).rowcount
            session.commit()
        return removed

    def agree(self, instance: str, entity: str, fields: str, agreed: Iterable[pa.RecordBatch]) -> int:
        """Let what a run found stand, many at once, all or none; returns how many pairs stand by it.

        `agreed` are key, salesforce_id, gentrack_id, agreed (packed) and, where it is known, seen, of records
        that both sides hold. A pair that has ended with the same Salesforce record stays as it is: what
        becomes of it now that both sides hold it again is for a decision. A Salesforce record is linked with
        one key: with its new one.
        """
        of = {"instance": instance, "entity": entity, "fields": fields}
        with copied(self._engine, map(_given, agreed), _GIVEN) as here:
            here.execute(_ONE_KEY_A_RECORD, of)
            here.execute(_AGREED_ON, of)
            return here.rowcount

    def learn(self, instance: str, entity: str, fields: str, agreed: Iterable[pa.RecordBatch]) -> int:
        """Let these stand, as `agree` takes them, where nothing is known of their external ids yet.

        Returns of how many that was so. What somebody else has agreed on meanwhile stays.
        """
        with copied(self._engine, map(_given, agreed), _GIVEN) as here:
            here.execute(_LEARN, {"instance": instance, "entity": entity, "fields": fields})
            return here.rowcount

    def linked(self, instance: str, entity: str, fields: str) -> pa.Table:
        """key, salesforce_id of every linked pair; and seen, if it was agreed on under `fields`."""
        chosen = (
            "SELECT key, salesforce_id, CASE WHEN fields = %(fields)s AND contested = 0 THEN seen END"
            " FROM agreement WHERE instance = %(instance)s AND entity = %(entity)s"
            f" AND standing = '{Standing.LINKED}'"
        )
        columns = {name: _HELD[name] for name in (named.KEY, named.SALESFORCE_ID)} | {named.SEEN: pa.int64()}
        of = {"instance": instance, "entity": entity, "fields": fields}
        return pa.concat_tables(rows_of(self._engine, chosen, of, columns))

    def all(self, instance: str, entity: str) -> Iterator[pa.Table]:
        """Every agreement of an entity, some megabytes a table: as `Agreement`, with `agreed` as hex."""
        columns = ", ".join(f"encode({name}, 'hex')" if name == named.AGREED else f"{name}" for name in _HELD)
        chosen = f"SELECT {columns} FROM agreement WHERE instance = %(instance)s AND entity = %(entity)s"
        return rows_of(self._engine, chosen, {"instance": instance, "entity": entity}, _HELD)

    def _where(
        self, instance: str, entity: str, column: Any, kind: Any, values: list[Any]
    ) -> list[Agreement]:
        if not values:
            return []
        query = select(AgreementRow).where(
            AgreementRow.instance == instance,
            AgreementRow.entity == entity,
            col(column) == any_(literal(values, ARRAY(kind))),
        )
        with transaction(self._engine) as session:
            return [
                Agreement(**{name: getattr(row, name) for name in _COLUMNS})
                for row in session.exec(query).all()
            ]


def _given(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Agreements as COPY takes them."""
    key = batch.column(named.KEY)
    columns = {
        "folded": pc.utf8_lower(key),
        **{name: batch.column(name) for name in (named.KEY, named.SALESFORCE_ID, named.GENTRACK_ID)},
        named.AGREED: _as_hex(batch.column(named.AGREED)),
        named.SEEN: _seen(batch),
    }
    return pa.RecordBatch.from_pydict(columns)


def _seen(batch: pa.RecordBatch) -> Any:
    known = named.SEEN in batch.schema.names
    return batch.column(named.SEEN) if known else pa.nulls(batch.num_rows, pa.int64())


def _as_hex(packed: Any) -> Any:
    """Bytes, as many in every row, as PostgreSQL reads them in text: a mark, then two digits a byte."""
    rows, width = len(packed), len(packed[0].as_py()) if len(packed) else 0
    whole = np.frombuffer(hexlify(b"".join(packed.to_pylist())), np.uint8).reshape(rows, 2 * width)
    marked = np.hstack([np.full((rows, 2), np.frombuffer(b"\\x", np.uint8)), whole])
    fixed = pa.Array.from_buffers(pa.binary(2 * width + 2), rows, [None, pa.py_buffer(marked.tobytes())])
    return fixed.cast(pa.binary()).cast(pa.string())
