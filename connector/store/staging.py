"""Staging: where batches lie between stages, as Parquet parts in a folder or in an S3 bucket.

A part appears whole or not at all, and one of the same number is replaced: in a folder by a rename, in S3
because a put is atomic. Both read through pyarrow's file systems.
"""

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import dataset, fs

from connector.locations import Location
from connector.model.batch import Batch

_PART = "part-{:06d}.parquet"
_AT_ONCE = 8
"""Footers that are read side by side: each takes two requests of S3."""


class _Parts:
    """Parquet parts below a root of a file system."""

    def __init__(self, files: fs.FileSystem, root: str) -> None:
        self._files = files
        self._root = root

    def read(self, path: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read one part."""
        wanted = None if columns is None else list(columns)
        return pq.read_table(self._at(path), columns=wanted, filesystem=self._files)

    def parts(self, folder: str) -> list[Batch]:
        """The parts below `folder` in the order of their numbers."""
        paths = self._paths(folder)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="footer") as readers:
            rows = list(readers.map(self._rows, paths))
        return [
            Batch(PurePosixPath(folder).name, number, f"{folder}/{_PART.format(number)}", count)
            for number, count in zip(map(_number, paths), rows, strict=True)
        ]

    def holds(self, folder: str) -> bool:
        """Whether anything lies below `folder`."""
        return self._files.get_file_info(self._at(folder)).type is not fs.FileType.NotFound

    def below(self, folder: str) -> list[str]:
        """The names of the folders directly below `folder`."""
        found = self._files.get_file_info(fs.FileSelector(self._at(folder), allow_not_found=True))
        return sorted(info.base_name for info in found if info.type is fs.FileType.Directory)

    def _rows(self, path: str) -> int:
        return pq.read_metadata(path, filesystem=self._files).num_rows

    def _paths(self, folder: str) -> list[str]:
        found = self._files.get_file_info(fs.FileSelector(self._at(folder), allow_not_found=True))
        return sorted((info.path for info in found if info.path.endswith(".parquet")), key=_number)

    def _at(self, below: str) -> str:
        return f"{self._root}/{below}"


class FolderStaging(_Parts):
    """Fills the `Staging` port with a folder of this machine."""

    def __init__(self, root: Path) -> None:
        super().__init__(fs.LocalFileSystem(), root.absolute().as_posix())

    def write(self, name: str, number: int, folder: str, table: pa.Table) -> Batch:
        """Write one part below `folder`; a part of the same number is replaced."""
        path = self.local(folder) / _PART.format(number)
        unfinished = path.with_suffix(".unfinished")
        pq.write_table(table, unfinished, compression="zstd")
        unfinished.replace(path)
        return Batch(name, number, f"{folder}/{path.name}", table.num_rows)

    def clear(self, folder: str) -> None:
        """Remove the parts below `folder`."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._at(folder))

    def scannable(self, folder: str) -> list[str]:
        """The same parts as files that DuckDB reads by itself."""
        return self._paths(folder)

    def local(self, folder: str) -> Path:
        """A folder on this machine's disk, made if need be."""
        path = Path(self._at(folder))
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path


class S3Staging(_Parts):
    """Fills the `Staging` port with the keys of a bucket below a prefix; `working` is on this machine."""

    def __init__(self, bucket: Location, working: Path) -> None:
        super().__init__(bucket.files, bucket.path)
        self._working = working.absolute()

    def write(self, name: str, number: int, folder: str, table: pa.Table) -> Batch:
        """Write one part below `folder`; a part of the same number is replaced.

        It is written whole before anything is sent: a stream that is given up would leave half of it.
        """
        whole = pa.BufferOutputStream()
        pq.write_table(table, whole, compression="zstd")
        path = f"{folder}/{_PART.format(number)}"
        with self._files.open_output_stream(self._at(path)) as stream:
            stream.write(whole.getvalue())
        return Batch(name, number, path, table.num_rows)

    def clear(self, folder: str) -> None:
        """Remove the parts below `folder`, and what was kept there on this machine."""
        with suppress(FileNotFoundError):
            self._files.delete_dir(self._at(folder))
        with suppress(FileNotFoundError):
            shutil.rmtree(self._working / folder)

    def scannable(self, folder: str) -> dataset.Dataset:
        """The same parts as a dataset: DuckDB speaks S3 only with an extension that it would download."""
        return dataset.dataset(self._paths(folder), filesystem=self._files, format="parquet")

    def local(self, folder: str) -> Path:
        """A folder on this machine's disk, made if need be."""
        path = self._working / folder
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path


def _number(path: str) -> int:
    return int(PurePosixPath(path).stem.removeprefix("part-"))
