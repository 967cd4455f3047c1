"""Staging: where batches lie between stages, as Parquet parts in a folder."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connector.model.batch import Batch

_PART = "part-{:06d}.parquet"


class FolderStaging:
    """Fills the `Staging` port with a folder of this machine. A part appears whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def write(self, name: str, number: int, folder: str, table: pa.Table) -> Batch:
        """Write one part below `folder`; a part of the same number is replaced."""
        path = self._root / folder / _PART.format(number)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = path.with_suffix(".unfinished")
        pq.write_table(table, unfinished, compression="zstd")
        unfinished.replace(path)
        return Batch(name, number, str(path.relative_to(self._root)), table.num_rows)

    def read(self, path: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read one part."""
        return pq.read_table(self._root / path, columns=None if columns is None else list(columns))

    def parts(self, folder: str) -> list[Batch]:
        """The parts below `folder` in the order of their numbers."""
        return [
            Batch(
                name=file.parent.name,
                number=int(file.stem.removeprefix("part-")),
                path=str(file.relative_to(self._root)),
                rows=pq.read_metadata(file).num_rows,
            )
            for file in sorted((self._root / folder).glob("part-*.parquet"))
        ]

    def clear(self, folder: str) -> None:
        """Remove the parts below `folder`."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._root / folder)

    def holds(self, folder: str) -> bool:
        """Whether anything lies below `folder`."""
        return (self._root / folder).exists()

    def locations(self, folder: str) -> list[str]:
        """The same parts as addresses that DuckDB can scan."""
        return [str(self._root / batch.path) for batch in self.parts(folder)]

    def local(self, folder: str) -> Path:
        """A folder on this machine's disk, made if need be."""
        path = self._root / folder
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path
