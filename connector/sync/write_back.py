"""Write-back: fields that Salesforce masters, written to Gentrack record by record.

What became of a batch is staged whole; a batch that was begun before by an attempt that died
is done again, and what stands there already counts as written.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from connector.mapping import claims as claim
from connector.mapping import columns as named
from connector.mapping.converters import text_columns
from connector.mapping.vocabulary import Resource
from connector.model.batch import Batch
from connector.model.run import Run
from connector.sync import folders
from connector.sync.gentrack_units import Place, Unit, typed, write_units
from connector.sync.ports import GentrackRecords, Staging

WRITTEN_SCHEMA = pa.schema(
    {named.ROW: pa.int64()}
    | dict.fromkeys(
        (claim.ENTITY, claim.FIELD, claim.PATH, named.OUTCOME, named.CODE, named.REASON), pa.string()
    )
)


@dataclass(frozen=True)
class WriteBack:
    """Writes batches of places. `resources` are Gentrack's, for the types of their values."""

    run: Run
    records: GentrackRecords
    staging: Staging
    resources: Sequence[Resource]
    parallel: int = 4

    def write(self, batch: Batch) -> Mapping[str, int]:
        """Write one batch and stage what became of every place; returns how many places by outcome.

        A batch that is done is left alone. Raises GaveUp where Gentrack stays away, SignInRefused.
        """
        folder = folders.written(self.run)
        done = {part.number: part for part in self.staging.parts(folder)}
        if batch.number in done:
            return _tally(self.staging.read(done[batch.number].path))
        begun = {part.number for part in self.staging.parts(folders.begun(self.run))}
        again = batch.number in begun
        rows = self.staging.read(batch.path).to_pandas(types_mapper=text_columns)
        mark = pa.table({named.ROW: pa.array(rows[named.ROW])})
        self.staging.write("begun", batch.number, folders.begun(self.run), mark)
        records = list(self._records(rows))
        with ThreadPoolExecutor(self.parallel, thread_name_prefix="write-back") as writers:
            for _ in writers.map(lambda one: write_units(self.records, *one, again=again), records):
                pass
        table = _told(rows, [unit for _, _, units in records for unit in units])
        self.staging.write("written", batch.number, folder, table)
        return _tally(table)

    def _records(self, rows: pd.DataFrame) -> Iterator[tuple[str, int, list[Unit]]]:
        """Each record of a batch with its units; claims of one place by several fields share its unit."""
        kinds = {(r.name, path): kind for r in self.resources for path, kind in r.leaves.items()}
        for (resource, record), places in rows.groupby([claim.RESOURCE, claim.RECORD], sort=False):
            units: list[Unit] = []
            by_path: dict[str, Unit] = {}
            for _, own in places.groupby([claim.ENTITY, named.ROW, claim.UNIT], sort=False):
                paths = [str(path) for path in own[claim.PATH]]
                unit = next((by_path[path] for path in paths if path in by_path), None)
                if unit is None:
                    unit = Unit()
                    units.append(unit)
                for row, path, found, wished in zip(
                    own.index, paths, own[claim.FOUND], own[claim.WISHED], strict=True
                ):
                    kind = kinds[str(resource), path]
                    unit.places.append(Place(int(row), path, typed(found, kind), typed(wished, kind)))
                    by_path[path] = unit
            yield str(resource), int(str(record)), units


def _told(rows: pd.DataFrame, units: Sequence[Unit]) -> pa.Table:
    became = {place.row: unit for unit in units for place in unit.places}
    told = rows[[named.ROW, claim.ENTITY, claim.FIELD, claim.PATH]].copy()
    told[named.OUTCOME] = [became[int(row)].outcome.value for row in rows.index]
    told[named.CODE] = [became[int(row)].code for row in rows.index]
    told[named.REASON] = [became[int(row)].reason for row in rows.index]
    return pa.Table.from_pandas(told, schema=WRITTEN_SCHEMA, preserve_index=False)


def _tally(table: pa.Table) -> dict[str, int]:
    return dict(Counter(str(outcome) for outcome in table.column(named.OUTCOME).to_pylist()))
