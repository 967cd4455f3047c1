"""The files of a reconciliation on this machine: rows with their values (personal data), and the counts."""

import json
from pathlib import Path
from typing import Self

import pandas as pd
import pyarrow as pa
from pyarrow import csv

from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.converters import Column
from connector.model.drift import Drift
from connector.sync.reconcile.needing import as_a_whole, fields_of

DRIFT_ROWS = "drift.csv"
"""Every record and field that differs, with both values."""
DRIFT_FILE = "drift.json"
"""Counts and keys."""
_NAMES = (
    *("object", "external_id", "salesforce_id", "code", "field", "verdict", "writes"),
    *("gentrack_value", "salesforce_value", "why"),
)


class DriftRows:
    """Writes drift.csv, batch by batch, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = folder / DRIFT_ROWS
        self._unfinished = folder / f"{DRIFT_ROWS}.unfinished"
        self._writer = csv.CSVWriter(str(self._unfinished), pa.schema(dict.fromkeys(_NAMES, pa.string())))

    def write(self, decisions: Decisions, actions: pd.DataFrame, needs: Column) -> None:
        """Add what a batch says of records that need something, and of fields that differ."""
        rows = _rows(decisions, actions, needs)
        if len(rows):
            arrays = [pa.array(rows[name], pa.string()) for name in _NAMES]
            self._writer.write_table(pa.Table.from_arrays(arrays, names=list(_NAMES)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._writer.close()
        if error is None:
            self._unfinished.replace(self._file)
        else:
            self._unfinished.unlink()


def _rows(decisions: Decisions, actions: pd.DataFrame, needs: Column) -> pd.DataFrame:
    fields = fields_of(decisions, actions)
    whole = actions.index[as_a_whole(actions, needs)]
    index = whole.append(fields.index)
    records, about = decisions.records.loc[index], actions.loc[index]
    of_fields = {name: [None] * len(whole) + fields[name].tolist() for name in _OF_FIELDS}
    why = about[named.WHY].tolist()[: len(whole)] + fields[named.WHY].tolist()
    columns = {
        "object": [decisions.spec.salesforce_object] * len(index),
        "external_id": records[named.KEY].tolist(),
        "salesforce_id": records[named.SALESFORCE_ID].tolist(),
        "code": about[named.CODE].tolist(),
        **{_OF_FIELDS[name]: values for name, values in of_fields.items()},
        "why": why,
    }
    return pd.DataFrame(columns, columns=list(_NAMES)).astype(object).where(lambda frame: frame.notna(), None)


_OF_FIELDS = {
    named.FIELD: "field",
    "verdict": "verdict",
    "writes": "writes",
    "gentrack": "gentrack_value",
    "salesforce": "salesforce_value",
}


def write_drift(drift: Drift, folder: Path) -> None:
    """Write drift.json, whole or not at all."""
    unfinished = folder / f"{DRIFT_FILE}.unfinished"
    unfinished.write_text(json.dumps(drift.as_dict(), indent=2) + "\n", "utf-8")
    unfinished.replace(folder / DRIFT_FILE)
