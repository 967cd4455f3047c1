"""Agreements in the ledger: read by keys and ids, kept many at once."""

from collections.abc import Collection, Sequence
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ARRAY, BigInteger, Engine, Text, any_, literal, text
from sqlmodel import col, delete, select

from connector.model.agreement import Agreement
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
        contested = excluded.contested
""")
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
        with transaction(self._engine) as session:
            among = any_(literal(folded(list(keys)), ARRAY(Text())))
            session.exec(
                delete(AgreementRow).where(
                    col(AgreementRow.instance) == instance,
                    col(AgreementRow.entity) == entity,
                    col(AgreementRow.folded) == among,
                )
            )
            session.commit()

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
