"""Agreements that a test lays down; only what the poll asks for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from connector.mapping.agreement.hashes import hashed, packed
from connector.mapping.agreement.lines import fingerprint, lines_of, meaning, salesforce_values
from connector.mapping.vocabulary import EntitySpec
from connector.model.agreement import Agreement


@dataclass
class ToldAgreements:
    """`rows` are all that was agreed, of whatever entity."""

    rows: list[Agreement] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    def of_keys(self, instance: str, entity: str, keys: Collection[str]) -> list[Agreement]:
        return [one for one in self.rows if one.key.lower() in {key.lower() for key in keys}]

    def of_salesforce_ids(self, instance: str, entity: str, ids: Collection[str]) -> list[Agreement]:
        self.asked.append(len(ids))
        return [one for one in self.rows if one.salesforce_id in set(ids)]

    def of_gentrack_ids(self, instance: str, entity: str, ids: Collection[int]) -> list[Agreement]:
        return [one for one in self.rows if one.gentrack_id in set(ids)]

    def keep(self, instance: str, entity: str, rows: Sequence[Agreement]) -> None:
        self.rows += rows

    def forget(self, instance: str, entity: str, keys: Collection[str]) -> None:
        self.rows = [one for one in self.rows if one.key not in keys]


def agreed_as_they_stand(spec: EntitySpec, rows: pd.DataFrame, standing: str = "linked") -> list[Agreement]:
    """Agreements on exactly what Salesforce holds of these records."""
    lines, values = lines_of(spec), salesforce_values(spec, rows)
    hashes = np.stack([hashed(meaning(line, values[line.name])) for line in lines], axis=1)
    return [
        Agreement(str(key), str(record_id), None, standing, fingerprint(lines), agreed)
        for key, record_id, agreed in zip(
            rows["s.key"], rows["salesforce_id"], packed(hashes, rows.index), strict=True
        )
    ]
