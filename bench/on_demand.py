"""How soon a record that is asked for is synchronised: `python -m bench.on_demand --seconds 30`.

The whole stack, with the service as a child: at three requests a second the time from POST to done, by the
service's own clock; then a burst of twenty a second, the time of each POST, and when all are done. Before
that every record is made once, so that what is measured is a comparison of both sides and little to write.
CPU seconds are the service's, which has API, runner and the runs in one process. Needs /proc (Linux).
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from bench.cpu import cpu_of
from connector.api.auth.secrets import hashed, new_secret
from connector.model.api_app import AppRole
from connector.settings import Settings
from connector.store.ledger import open_ledger
from deployments.ending import end_on_sigterm
from deployments.prefect_server import register_deployments
from deployments.service import service
from deployments.stack import PROJECT, Stack, stack

LIMITS = {"CONNECTOR_API__REQUESTS_PER_MINUTE": "1000000", "CONNECTOR_API__BURST": "1000000"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--burst-seconds", type=int, default=10)
    arguments = parser.parse_args()
    end_on_sigterm()
    os.environ.update(LIMITS)
    with (
        tempfile.TemporaryDirectory(prefix="bench-on-demand-") as folder,
        stack(Path(folder), Console(stderr=True), customers=arguments.customers) as running,
    ):
        register_deployments(running.prefect, PROJECT, {})
        (running.home / ".env").open("a").writelines(f"{name}={value}\n" for name, value in LIMITS.items())
        with service(running) as (child, address):
            numbers = accounts(running)
            headers = {"Authorization": f"Bearer {token(running, address)}"}
            client = Client(address, running.instance, headers, child.pid)
            asyncio.run(client.measured("each made once", numbers, per_second=20))
            steady = list(islice(cycle(numbers), 3 * arguments.seconds))
            asyncio.run(client.measured("three a second", steady, per_second=3))
            burst = list(islice(cycle(numbers), 20 * arguments.burst_seconds))
            asyncio.run(client.measured("twenty a second", burst, per_second=20))


class Client:
    """Asks for records at a pace, and follows each job to its end."""

    def __init__(self, address: str, instance: str, headers: dict[str, str], pid: int) -> None:
        self.address, self.headers, self.pid = address, headers, pid
        self.jobs = f"/v1/salesforce/instances/{instance}/sync-jobs"

    async def measured(self, what: str, records: Sequence[str], *, per_second: float) -> None:
        posts: list[float] = []
        accepted: list[str] = []
        cpu, began = cpu_of(self.pid), time.perf_counter()
        async with httpx.AsyncClient(base_url=self.address, headers=self.headers, timeout=120) as http:
            async with asyncio.TaskGroup() as group:
                for number, record in enumerate(records):
                    await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
                    group.create_task(self._post(http, record, posts, accepted))
            sent = time.perf_counter()
            done = [await self._done(http, location) for location in dict.fromkeys(accepted)]
        after, cpu = time.perf_counter() - sent, cpu_of(self.pid) - cpu
        outcomes = {
            name: [job["outcome"] for job in done].count(name) for name in {j["outcome"] for j in done}
        }
        seconds = sorted(took(job) for job in done)
        sys.stdout.write(
            f"{what}: {len(records)} requests, {len(done)} jobs, {len({job['runId'] for job in done})} runs,"
            f" {outcomes}\n"
            f"  POST median {of(posts, 0.5) * 1000:.0f} ms, 95th {of(posts, 0.95) * 1000:.0f} ms\n"
            f"  to done median {of(seconds, 0.5):.2f} s, 95th {of(seconds, 0.95):.2f} s;"
            f" all done {after:.1f} s after the last POST\n"
            f"  CPU of the service {cpu:.1f} s, {cpu / len(records) * 1000:.0f} ms a request\n"
        )
        sys.stdout.flush()

    async def _post(
        self, http: httpx.AsyncClient, record: str, posts: list[float], accepted: list[str]
    ) -> None:
        asked = {"direction": "gentrack-to-salesforce", "entityType": "account", "entityId": record}
        began = time.perf_counter()
        answer = await http.post(self.jobs, json=asked)
        posts.append(time.perf_counter() - began)
        answer.raise_for_status()
        accepted.append(answer.headers["Location"])

    async def _done(self, http: httpx.AsyncClient, location: str) -> dict[str, Any]:
        while True:
            job = (await http.get(location)).raise_for_status().json()
            if job["status"] == "finished":
                return dict(job)
            await asyncio.sleep(0.2)


def took(job: dict[str, Any]) -> float:
    began, ended = (datetime.fromisoformat(job[name]) for name in ("createdAt", "finishedAt"))
    return (ended - began).total_seconds()


def of(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def accounts(running: Stack) -> list[str]:
    gentrack = running.sandbox.gentrack
    with httpx.Client(base_url=f"{gentrack.url}/v1", timeout=60) as http:
        pair = (gentrack.app_id, gentrack.app_secret.get_secret_value())
        signed = http.post("/token", auth=pair).raise_for_status().json()["accessToken"]
        http.headers["Authorization"] = f"Bearer {signed}"
        return [account["number"] for account in http.get("/junifer/accounts").json()["results"]]


def token(running: Stack, address: str) -> str:
    secret, role = new_secret(), AppRole.OPERATOR
    settings = Settings(_env_file=running.home / ".env")
    assert settings.database_url is not None
    ledger = open_ledger(settings.database_url.get_secret_value())
    app = ledger.api_apps.create(
        running.instance, "bench", role, role.scopes, secret_hash=hashed(secret), by="bench"
    )
    ledger.close()
    answer = httpx.post(f"{address}/v1/token", auth=(app.id, secret), timeout=30)
    return str(answer.raise_for_status().json()["access_token"])


if __name__ == "__main__":
    main()
