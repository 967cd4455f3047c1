"""What is sent to Salesforce for records of one object: which cells, and how they stand in JSON.

Values are canonical text. A cell that is given and missing clears; one that isn't given stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from connector.mapping.converters import TEXT, Column
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.saved import SaveAs

ID = "Id"


@dataclass(frozen=True)
class Writing:
    """Records to be written alike: `values` and `given` (true for what is sent) have a row each.

    The columns are API names; a lookup stands under the path to its parent's external id, and `lookups` says
    which field that is. `checkboxes` are the fields whose text stands for true or false.
    """

    sobject: str
    operation: SaveAs
    values: pd.DataFrame
    given: pd.DataFrame
    lookups: Mapping[str, str] = field(default_factory=dict)
    checkboxes: frozenset[str] = frozenset()

    @classmethod
    def of_ids(
        cls, sobject: str, operation: SaveAs, ids: Column, columns: Mapping[str, Column] | None = None
    ) -> "Writing":
        """Records by their ids, with these columns for all of them."""
        values = pd.DataFrame({ID: ids} | dict(columns or {}), index=ids.index)
        return cls(
            sobject, operation, values, pd.DataFrame(data=True, index=ids.index, columns=values.columns)
        )

    def __len__(self) -> int:
        return len(self.values)

    def of(self, index: pd.Index) -> "Writing":
        """Some of the records."""
        return Writing(
            self.sobject,
            self.operation,
            self.values.loc[index],
            self.given.loc[index],
            self.lookups,
            self.checkboxes,
        )

    def by_id(self, ids: Column, columns: Sequence[str] | None = None) -> "Writing":
        """The same as an update of these ids, with all of its columns or some."""
        kept = list(self.values.columns if columns is None else columns)
        return Writing(
            self.sobject,
            SaveAs.UPDATE,
            self.values[kept].assign(**{ID: ids}),
            self.given[kept].assign(**{ID: True}),
            self.lookups,
            self.checkboxes,
        )

    def bodies(self) -> list[dict[str, Any]]:
        """The records as JSON has them."""
        bodies: list[dict[str, Any]] = [{} for _ in range(len(self))]
        for name in self.values.columns:
            values = pa.array(self.values[name], pa.string()).to_pylist()
            for body, value, given in zip(bodies, values, self.given[name], strict=True):
                if given:
                    body.update([self._cell(name, value)])
        return bodies

    def _cell(self, name: str, value: str | None) -> tuple[str, Any]:
        if name in self.lookups:
            if value is None:
                return self.lookups[name], None
            relation, _, key = name.rpartition(".")
            return relation, {key: value}
        return name, value == "true" if name in self.checkboxes and value is not None else value


class Cells:
    """Collects the cells of a batch, column by column."""

    def __init__(self, index: pd.Index) -> None:
        self._index = index
        self._values: dict[str, Column] = {}
        self._given: dict[str, Column] = {}

    def give(self, name: str, values: Column | str | None, where: Column) -> None:
        """Send a column's values in the rows where `where` is true."""
        if not where.any():
            return
        column = values if isinstance(values, pd.Series) else pd.Series(values, index=self._index, dtype=TEXT)
        self._values[name] = self._values[name].where(~where, column) if name in self._values else column
        self._given[name] = self.gives(name) | where

    def gives(self, name: str) -> Column:
        """The rows in which a column is sent."""
        return self._given.get(name, pd.Series(data=False, index=self._index, dtype=bool))

    @property
    def any(self) -> Column:
        """The rows in which anything is sent."""
        return pd.DataFrame(self._given, index=self._index, dtype=bool).any(axis="columns").astype(bool)

    def by_id(self, sobject: str, ids: Column, rows: Column, **how: Any) -> Writing:
        """These rows as an update."""
        return self._written(sobject, SaveAs.UPDATE, {ID: ids}, rows, **how)

    def by_key(self, sobject: str, keys: Column, rows: Column, **how: Any) -> Writing:
        """These rows as an upsert on their external ids."""
        return self._written(sobject, SaveAs.UPSERT, {EXTERNAL_ID: keys}, rows, **how)

    def _written(
        self, sobject: str, operation: SaveAs, known: Mapping[str, Column], rows: Column, **how: Any
    ) -> Writing:
        if not rows.any():
            return Writing(sobject, operation, pd.DataFrame(known)[rows], pd.DataFrame(known)[rows], **how)
        given = pd.DataFrame(self._given, index=self._index, dtype=bool)[rows]
        given = given.loc[:, given.any(axis="index")].assign(**dict.fromkeys(known, True))
        values = pd.DataFrame({**self._values, **known}, index=self._index)[rows]
        return Writing(sobject, operation, values[given.columns], given, **how)
