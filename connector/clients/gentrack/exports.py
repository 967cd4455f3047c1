"""A Gentrack tenant's records from a folder of exports. Fills the port `GentrackSource` of `connector.sync`.

A resource is one file, `accounts.parquet` or `accounts.csv`, or a folder `accounts` of several such files.
A column is named by the path of its value, `billingAddress.postcode`; in Parquet it may also stand nested.
Empty text in CSV is no value. Columns that the mapping doesn't read are passed over.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import PurePosixPath

import pyarrow as pa
from pyarrow import fs

from connector.clients.gentrack.export_columns import Misfit, cast_to, leaves, may_become, nested
from connector.clients.gentrack.export_files import KINDS, ExportFile
from connector.clients.gentrack.page import lacking_in
from connector.errors import ExportsUnusable
from connector.locations import Location
from connector.mapping.vocabulary import Resource

_WHAT_TO_DO = "Mend the export; docs/gentrack-contract.md says what it holds."


class GentrackExports:
    """The records of one tenant, as `resources` expects them; safe to share between threads."""

    def __init__(self, folder: Location, resources: Sequence[Resource]) -> None:
        self._folder = folder
        self._resources = resources

    def check(self) -> None:
        """Look at every file's columns. Raises ExportsUnusable, which names all that is missing or wrong."""
        problems: list[str] = []
        for resource in self._resources:
            try:
                for file in self._found(resource.name):
                    problems += _problems(file, file.schema(), resource.row_type)
            except ExportsUnusable as unusable:
                problems.append(unusable.message)
        if problems:
            raise ExportsUnusable(
                f"The exports in {self._folder.name} can't be used: {' '.join(problems)}",
                todo=_WHAT_TO_DO,
            )

    def now(self) -> None:
        """Files don't tell when their records were read, so ongoing synchronisation can't go on from them."""

    def count(self, resource: str, /) -> int | None:
        """How many records a resource has, by the footers of its Parquet files; None where one is CSV."""
        rows = [file.rows() for file in self._found(resource)]
        return None if None in rows else sum(number for number in rows if number is not None)

    def pages(self, resource: str, row_type: pa.StructType) -> Iterator[pa.Table]:
        """Every record of a resource, a table a piece of a file, with the columns of `row_type`.

        Raises ExportsUnusable, naming file, column and row, and no value: it may be personal data.
        """
        for file in self._found(resource):
            if problems := _problems(file, file.schema(), row_type):
                raise ExportsUnusable(" ".join(problems), todo=_WHAT_TO_DO)
            yield from _records(file, row_type)

    def changed(
        self,
        resource: str,
        row_type: pa.StructType,
        since: datetime,  # noqa: ARG002
        ids: Sequence[int],  # noqa: ARG002
    ) -> Iterator[pa.Table]:
        """Every record: an export doesn't tell what changed."""
        return self.pages(resource, row_type)

    def lacking(self, resource: str, column: str, values: Sequence[str]) -> list[str]:
        """Those of the values that no record of a resource has in a column of text."""
        return lacking_in(self.pages(resource, pa.struct([(column, pa.string())])), column, values)

    def _found(self, resource: str) -> list[ExportFile]:
        """The files of a resource, in the order of their names."""
        at = f"{self._folder.path}/{resource}"
        try:
            single = self._folder.files.get_file_info([at + kind for kind in KINDS])
            inside = self._folder.files.get_file_info(fs.FileSelector(at, allow_not_found=True))
        except OSError as refused:
            raise ExportsUnusable(f"{resource}: can't be looked for: {refused}.", todo=_WHAT_TO_DO) from None
        paths = [i.path for i in (*single, *inside) if i.is_file and i.path.endswith(KINDS)]
        files = [ExportFile(self._folder.files, path, path[len(self._folder.path) + 1 :]) for path in paths]
        if not files:
            raise ExportsUnusable(
                f"{resource}: there is no {resource}.parquet, no {resource}.csv and no folder of such files.",
                todo=_WHAT_TO_DO,
            )
        if len({(file.parent, file.suffix) for file in map(PurePosixPath, paths)}) > 1:
            raise ExportsUnusable(
                f"{resource}: {files[0].name} and {files[-1].name} are both there; leave one of them.",
                todo=_WHAT_TO_DO,
            )
        return sorted(files, key=lambda file: file.path)


def _records(file: ExportFile, row_type: pa.StructType) -> Iterator[pa.Table]:
    wanted = leaves(row_type)
    read = 0
    for piece in file.pieces(list(wanted)):
        columns = {}
        for path, kind in wanted.items():
            try:
                columns[path] = cast_to(piece[path], kind)
            except Misfit as misfit:
                raise ExportsUnusable(
                    f"{file.name}: in row {read + misfit.row + 1} the column {path} holds what is no {kind}.",
                    todo=_WHAT_TO_DO,
                ) from None
        read += piece.num_rows
        yield nested(columns, row_type)


def _problems(file: ExportFile, found: pa.Schema, row_type: pa.StructType) -> list[str]:
    wanted = leaves(row_type)
    missing = [path for path in wanted if path not in found.names]
    twice = [path for path in wanted if found.names.count(path) > 1]
    others = [
        f"{path} ({found.field(path).type} instead of {wanted[path]})"
        for path in wanted
        if found.names.count(path) == 1 and not may_become(found.field(path).type, wanted[path])
    ]
    told = (("lacks", missing), ("has twice", twice), ("has with values of another type", others))
    return [f"{file.name} {what} the columns {', '.join(paths)}." for what, paths in told if paths]
