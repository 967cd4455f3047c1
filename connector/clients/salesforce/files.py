"""Attaching a file to a record as Salesforce Files.

A ContentVersion is created by one multipart request; FirstPublishLocationId links it to the record. Source:
REST API Developer Guide, "Insert or Update Blob Data" (multipart: 2 GB, against 37.5 MB for base64 JSON).
"""

import json
import mimetypes
import uuid
from pathlib import Path

from connector.clients.salesforce.records import Records
from connector.clients.salesforce.session import SalesforceSession
from connector.clients.salesforce.streamed_file import StreamedFile
from connector.model.soql import soql_text


class Files:
    """The Files of one org."""

    def __init__(self, session: SalesforceSession, records: Records) -> None:
        self._session = session
        self._records = records

    def attach(self, record_id: str, title: str, path: Path) -> str:
        """Attach `path` to a record, streaming; returns the ContentVersion id.

        Creating is not repeatable by itself, so before a second attempt the record is asked whether the
        first one came through.
        """
        attempts = 0

        def attempt() -> str:
            nonlocal attempts
            attempts += 1
            earlier = self._attached(record_id, title) if attempts > 1 else None
            return earlier or self._create(record_id, title, path)

        return self._session.patience.call(f"attaching {title}", attempt)

    def download(self, version_id: str, target: Path) -> None:
        """Write one version of a file to `target`, streaming."""
        path = f"{self._session.rest_path}/sobjects/ContentVersion/{version_id}/VersionData"
        self._session.download(path, target, params={})

    def _attached(self, record_id: str, title: str) -> str | None:
        found = self._records.query(
            "SELECT Id FROM ContentVersion "
            f"WHERE FirstPublishLocationId = {soql_text(record_id)} AND Title = {soql_text(title)}"
        )
        return str(found[0]["Id"]) if found else None

    def _create(self, record_id: str, title: str, path: Path) -> str:
        boundary = uuid.uuid4().hex
        entity = {"Title": title, "PathOnClient": path.name, "FirstPublishLocationId": record_id}
        response = self._session.attempt(
            "POST",
            f"{self._session.rest_path}/sobjects/ContentVersion",
            data=_multipart(boundary, entity, path),
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
        )
        return str(response.json()["id"])


def _multipart(boundary: str, entity: dict[str, str], path: Path) -> StreamedFile:
    content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    file_name = path.name.replace("\\", "_").replace('"', "_")
    before = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="entity_content"\r\n'
        "Content-Type: application/json; charset=UTF-8\r\n\r\n"
        f"{json.dumps(entity)}\r\n"
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="VersionData"; filename="{file_name}"\r\n'
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return StreamedFile(path, before.encode(), f"\r\n--{boundary}--\r\n".encode())
