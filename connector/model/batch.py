"""A batch: one staged Parquet part. Tasks pass batches, never the records in them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Batch:
    """`path` is relative to the staging root; `name` is the entity or Gentrack resource it holds."""

    name: str
    number: int
    path: str
    rows: int
