"""An org in a process of its own, and a client that talks HTTP to it."""

import csv
import io
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

VERSION = "v66.0"
DATA = f"/services/data/{VERSION}"


@dataclass(frozen=True)
class Running:
    """A running org: what it announced, and its process."""

    announced: dict[str, str]
    process: subprocess.Popen[str]


def start(folder: Path, *arguments: str) -> Running:
    """Starts an org and waits until it is ready."""
    command = [sys.executable, "-m", "sandbox.salesforce", "--folder", str(folder), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.stdout.close()
        raise AssertionError(f"the org did not start: exit status {process.wait()}")
    return Running(json.loads(line), process)


def stop(running: Running) -> int:
    """Ends an org as an operating system would; returns its exit status."""
    running.process.terminate()
    status = running.process.wait(timeout=20)
    if running.process.stdout is not None:
        running.process.stdout.close()
    return status


class OrgClient:
    """Plain requests to the org, and the few steps that many tests share."""

    def __init__(self, announced: dict[str, str]) -> None:
        self.announced = announced
        self.http = httpx.Client(base_url=announced["url"], timeout=60)
        self.http.headers["Authorization"] = f"Bearer {self.sign_in()}"

    def sign_in(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.announced["client_id"],
            "client_secret": self.announced["client_secret"],
        }
        response = self.http.post("/services/oauth2/token", data=form)
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])

    def create(self, object_name: str, **values: object) -> str:
        response = self.http.post(f"{DATA}/sobjects/{object_name}", json=values)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def get(self, object_name: str, record_id: str) -> dict[str, Any]:
        response = self.http.get(f"{DATA}/sobjects/{object_name}/{record_id}")
        assert response.status_code == 200, response.text
        return dict(response.json())

    def query(self, soql: str, *, everything: bool = False) -> list[dict[str, Any]]:
        response = self.http.get(f"{DATA}/{'queryAll' if everything else 'query'}", params={"q": soql})
        assert response.status_code == 200, response.text
        return list(response.json()["records"])

    def refused_query(self, soql: str) -> dict[str, str]:
        response = self.http.get(f"{DATA}/query", params={"q": soql})
        assert response.status_code == 400, response.text
        (error,) = response.json()
        return dict(error)

    def open_job(self, object_name: str, operation: str = "upsert", **properties: str) -> str:
        body = {"object": object_name, "operation": operation, "contentType": "CSV", **properties}
        if operation == "upsert":
            body.setdefault("externalIdFieldName", "Gentrack_External_Id__c")
        response = self.http.post(f"{DATA}/jobs/ingest", json=body)
        assert response.status_code == 200, response.text
        return str(response.json()["id"])

    def load(
        self, object_name: str, text: str | bytes, operation: str = "upsert", **properties: str
    ) -> "Loaded":
        """Runs a whole ingest job."""
        job = self.open_job(object_name, operation, **properties)
        response = self.http.put(
            f"{DATA}/jobs/ingest/{job}/batches", content=text, headers={"Content-Type": "text/csv"}
        )
        assert response.status_code == 201, response.text
        assert response.content == b""
        return self.close_and_wait(job)

    def close_and_wait(self, job: str) -> "Loaded":
        response = self.http.patch(f"{DATA}/jobs/ingest/{job}", json={"state": "UploadComplete"})
        assert response.status_code == 200, response.text
        return Loaded(self, self.wait(f"{DATA}/jobs/ingest/{job}"))

    def wait(self, path: str) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            info = dict(self.http.get(path).json())
            if info["state"] in {"JobComplete", "Failed", "Aborted"}:
                return info
        raise AssertionError(f"{path} did not end")


@dataclass(frozen=True)
class Loaded:
    """An ingest job that has ended."""

    client: OrgClient
    info: dict[str, Any]

    def text(self, kind: str) -> str:
        response = self.client.http.get(
            f"{DATA}/jobs/ingest/{self.info['id']}/{kind}", headers={"Accept": "text/csv"}
        )
        assert response.status_code == 200, response.text
        return response.content.decode("utf-8")

    def rows(self, kind: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.text(kind), newline="")))

    @property
    def succeeded(self) -> list[dict[str, str]]:
        return self.rows("successfulResults")

    @property
    def failed(self) -> list[dict[str, str]]:
        return self.rows("failedResults")

    @property
    def errors(self) -> list[str]:
        return sorted(row["sf__Error"] for row in self.failed)
