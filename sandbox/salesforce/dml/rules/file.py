"""Files: a version makes its document, and a document is linked to records.

Source: object reference, ContentVersion, ContentDocument, ContentDocumentLink.
"""

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa

from sandbox.salesforce.columnar import table
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.dml.rules import implied
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.storage.database import FILE_BODIES

_FILE_TYPES = {"": "UNKNOWN", "txt": "TEXT", "jpg": "JPG", "xlsx": "EXCEL_X", "docx": "WORD_X", "log": "TEXT"}


def _texts(rows: Rows, name: str) -> list[str | None]:
    return rows.values(name).to_pylist()


def _put(rows: Rows, name: str, values: list[object]) -> None:
    field = rows.sobject.field(name)
    if field is None:
        raise KeyError(name)
    rows.put(field, pa.array(values, pa.int64() if field.type == "int" else pa.string()))


def describe_version(context: SaveContext, rows: Rows) -> None:
    """What the platform reads off a file: its extension, its size, its checksum."""
    paths = _texts(rows, "PathOnClient")
    bodies = context.file_bodies
    incomplete = [place for place, path in enumerate(paths) if path is None or place >= len(bodies)]
    rows.refuse(
        incomplete,
        lambda place: RowError(
            "REQUIRED_FIELD_MISSING",
            f"Required fields are missing: [{'PathOnClient' if paths[place] is None else 'VersionData'}]",
            ("PathOnClient" if paths[place] is None else "VersionData",),
        ),
    )
    if incomplete:
        return
    names = [PurePosixPath(path or "").name for path in paths]
    extensions = [PurePosixPath(name).suffix.lstrip(".").lower() for name in names]
    titles = _texts(rows, "Title")
    _put(
        rows, "Title", [title or PurePosixPath(name).stem for title, name in zip(titles, names, strict=True)]
    )
    _put(rows, "FileExtension", [extension or None for extension in extensions])
    _put(rows, "FileType", [_FILE_TYPES.get(extension, extension.upper()) for extension in extensions])
    _put(rows, "ContentSize", [len(body) for body in bodies])
    _put(rows, "Checksum", [hashlib.md5(body, usedforsecurity=False).hexdigest() for body in bodies])


def file_version(context: SaveContext, rows: Rows) -> None:
    """Puts each version into its document, a new one if none is named, and keeps its body."""
    ids = rows.record_ids.to_pylist()
    documents, titles = _texts(rows, "ContentDocumentId"), _texts(rows, "Title")
    locations, sizes = _texts(rows, "FirstPublishLocationId"), _texts(rows, "ContentSize")
    kinds, extensions = _texts(rows, "FileType"), _texts(rows, "FileExtension")
    for place, version in enumerate(ids):
        document = documents[place]
        if document is None:
            document = _new_document(context, titles[place], locations[place])
        facts = [version, sizes[place], kinds[place], extensions[place], document]
        _make_latest(context, facts)
        body = context.file_bodies[place]
        context.transaction.run(f"INSERT INTO {FILE_BODIES} VALUES (?, ?)", [version, body])


def _make_latest(context: SaveContext, facts: Sequence[object]) -> None:
    version, document = facts[0], facts[-1]
    run = context.transaction.run
    run("UPDATE ContentVersion SET IsLatest = false WHERE ContentDocumentId = ?", [document])
    ((earlier,),) = context.transaction.rows(
        "SELECT count(*) FROM ContentVersion WHERE ContentDocumentId = ? AND Id <> ?", [document, version]
    )
    run(
        "UPDATE ContentVersion SET ContentDocumentId = ?, IsLatest = true, VersionNumber = ? WHERE Id = ?",
        [document, str(earlier + 1), version],
    )
    run(
        "UPDATE ContentDocument SET LatestPublishedVersionId = ?, ContentSize = ?, FileType = ?, "
        "FileExtension = ?, "
        "ContentModifiedDate = make_timestamp_ms(?) WHERE Id = ?",
        [*facts[:-1], context.stamp, document],
    )


def _new_document(context: SaveContext, title: str | None, location: str | None) -> str:
    document: str = implied.create(context, "ContentDocument", {"Title": pa.array([title], pa.string())})[
        0
    ].as_py()
    _link(context, document, context.user_id, "I")
    if location is not None and location != context.user_id:
        _link(context, document, location, "V")
    return document


def _link(context: SaveContext, document: str, entity: str, share: str) -> None:
    values = {"ContentDocumentId": document, "LinkedEntityId": entity, "ShareType": share}
    implied.create(
        context, "ContentDocumentLink", {name: pa.array([value]) for name, value in values.items()}
    )


def refuse_second_link(context: SaveContext, rows: Rows) -> None:
    """A document is linked to a record once."""
    taken = context.transaction.rows(
        "SELECT w.place, l.Id FROM wanted w JOIN ContentDocumentLink l "
        "ON l.ContentDocumentId = w.document AND l.LinkedEntityId = w.entity WHERE NOT l.IsDeleted",
        wanted=table(
            {
                "place": pa.array(np.arange(len(rows))),
                "document": rows.values("ContentDocumentId"),
                "entity": rows.values("LinkedEntityId"),
            }
        ),
    )
    holders = dict(taken)
    rows.refuse(
        holders,
        lambda place: RowError(
            "DUPLICATE_VALUE",
            f"duplicate value found: LinkedEntityId duplicates value on record with id: {holders[place]}",
        ),
    )
