"""The CSV of a bulk job: which columns an operation may carry, and how values are written.

An empty cell leaves a field alone and `#N/A` clears it (Bulk API 2.0 guide, "Valid CSV Record Rows"), so
creations leave out what is missing and updates clear what the master cleared.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv

from connector.mapping import columns as named
from connector.mapping.converters import TEXT
from connector.mapping.decisions import Operation
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, NullPolicy
from connector.model.describe import ObjectDescribe
from connector.model.job import JobRequest
from connector.sync.soql import parent_path

CLEAR = "#N/A"
_FORMAT = csv.WriteOptions(quoting_style="needed")


def request_for(spec: EntitySpec, operation: Operation) -> JobRequest:
    """Creations are upserts on the external id; what exists is updated by Id, so it can't be made again."""
    if operation is Operation.CREATE:
        return JobRequest(spec.salesforce_object, "upsert", EXTERNAL_ID)
    return JobRequest(spec.salesforce_object, "update")


def job_columns(
    spec: EntitySpec,
    described: ObjectDescribe,
    operation: Operation,
    rows: pd.DataFrame,
    anchors: Mapping[str, str],
) -> pd.DataFrame:
    """The rows of a lined-up batch with this operation -> the columns of their CSV, by API name.

    A field that none of them has a value for is left out. `anchors` are the ids of the anchors by field.
    Raises RequestRefused where a parent's lookup is not visible.
    """
    content = {EXTERNAL_ID: rows[named.KEY]}
    clearing = [field for field in spec.gentrack_fields if field.null_policy is NullPolicy.CLEAR]
    if operation is Operation.CREATE:
        for parent in spec.first_parents:
            content[parent_path(described, parent.field)] = rows[named.parent_key(parent.field)]
        for field, record_id in anchors.items():
            content[field] = pd.Series(record_id, index=rows.index, dtype=TEXT)
        fields = [field for field in spec.fields if described.fields[field.api_name].createable]
    else:
        content["Id"] = rows[named.SALESFORCE_ID]
        for parent in spec.fillable_parents:
            given = rows[named.given_parent(parent.field)]
            if given.notna().any():
                content[parent_path(described, parent.field)] = given
        fields = [field for field in spec.fields if described.fields[field.api_name].updateable]
    for line in fields:
        values = rows[named.target(line.api_name)]
        if line.born is not None:
            if operation is not Operation.CREATE:
                continue
            values = pd.Series(line.born, index=rows.index, dtype=TEXT)
        if operation is Operation.UPDATE and line in clearing:
            values = values.fillna(CLEAR)
        if values.notna().any():
            content[line.api_name] = values
    return pd.DataFrame(content)


def finishing_columns(spec: EntitySpec, described: ObjectDescribe, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a finishing pass -> Id, external id, and what was left for it; an empty cell leaves alone.

    Raises RequestRefused where a parent's lookup is not visible.
    """
    content = {EXTERNAL_ID: rows[named.KEY], "Id": rows[named.SALESFORCE_ID]}
    for parent in spec.later_parents:
        content[parent_path(described, parent.field)] = rows[named.parent_key(parent.field)]
    for field in spec.born_fields:
        content[field.api_name] = rows[named.target(field.api_name)]
    return pd.DataFrame(content)


def write_csv(content: pd.DataFrame, path: Path) -> int:
    """Write UTF-8 with LF line ends and no byte order mark; returns the bytes."""
    csv.write_csv(pa.Table.from_pandas(content, preserve_index=False), path, _FORMAT)
    return path.stat().st_size
