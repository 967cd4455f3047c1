"""What the sandbox org does in a second of one core: `python -m bench.sandbox_org --rows 1000000`.

The org is a process of its own, reached over HTTP. Its own CPU seconds count, not those of the client, which
sends files that were written before and counts lines of what comes back: so the figures hold for a machine on
which both have cores to themselves. Needs /proc (Linux).
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

DATA = "/services/data/v66.0"
KEY = "Gentrack_External_Id__c"
ROWS_OF_A_JOB = 100_000
TICKS = os.sysconf("SC_CLK_TCK")
ACCOUNT = (
    f"{KEY},Name,Account_Class__c,Company_Number__c,Trading_Name__c,Type,Industry,Phone,Website,AnnualRevenue,"
    "BillingStreet,BillingCity,BillingState,BillingPostalCode,BillingCountry"
)
CONTACT = (
    f"{KEY},Account.{KEY},Salutation,FirstName,LastName,Preferred_Name__c,Email,Phone,MobilePhone,Birthdate,"
    "MailingStreet,MailingCity,MailingState,MailingPostalCode,MailingCountry"
)
AIMS = {"ingest": 20_000.0, "query": 100_000.0, "GiB": 4.0, "start": 3.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="accounts, and as many contacts")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {"Account": written(folder, "Account", rows), "Contact": written(folder, "Contact", rows)}
        print(f"{rows:,} accounts and {rows:,} contacts of 15 columns; the aim in brackets")
        with started(folder / "memory") as org:
            measured(org, files, rows, "in memory")
        data = folder / "data"
        with started(folder / "file", data) as org:
            measured(org, files, rows, "in a file")
        with started(folder / "again", data) as org:
            print("\nstarted again on that file")
            report("start, by the clock", org.start_seconds, "start", "s")
            report("start, CPU", org.start_cpu_seconds, "start", "s")
            report("memory", org.gibibytes("VmHWM"), "GiB", "GiB")


@dataclass
class Org:
    """A running org, and a session in it."""

    process_id: int
    start_seconds: float
    address: str
    headers: dict[str, str]
    start_cpu_seconds: float = 0.0

    def request(self, method: str, path: str, body: object = None, kind: str = "application/json") -> bytes:
        """One answer on a connection of its own; a body is JSON, or an open file that is sent as it is."""
        connection = http.client.HTTPConnection(self.address, timeout=600)
        sent = json.dumps(body) if isinstance(body, dict) else body
        headers = self.headers if body is None else {**self.headers, "Content-Type": kind}
        connection.request(method, path, sent, headers)  # type: ignore[arg-type]
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {content[:500]!r}")
        self.headers["Locator"] = response.headers.get("Sforce-Locator") or "null"
        return content

    def cpu_seconds(self) -> float:
        """What the org has used so far."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def gibibytes(self, name: str) -> float:
        """VmRSS is what it holds now, VmHWM what it held at most."""
        for line in Path(f"/proc/{self.process_id}/status").read_text("utf-8").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 2**20
        raise RuntimeError(f"no {name} of {self.process_id}")

    def finished(self, path: str) -> dict[str, Any]:
        """The job at this path, when it has ended."""
        while True:
            job: dict[str, Any] = json.loads(self.request("GET", path))
            if job["state"] in {"JobComplete", "Failed", "Aborted"}:
                return job
            time.sleep(0.1)


@contextmanager
def started(folder: Path, data: Path | None = None) -> Iterator[Org]:
    """An org that runs until the end of the block."""
    kept = [] if data is None else ["--data", str(data)]
    command = [sys.executable, "-m", "sandbox.salesforce", "--folder", str(folder), *kept]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    announced = json.loads(process.stdout.readline())
    org = Org(process.pid, time.perf_counter() - began, urlsplit(announced["url"]).netloc, {})
    org.start_cpu_seconds = org.cpu_seconds()
    form = {"grant_type": "client_credentials"} | {
        name: announced[name] for name in ("client_id", "client_secret")
    }
    token = org.request(
        "POST", "/services/oauth2/token", urlencode(form), "application/x-www-form-urlencoded"
    )
    org.headers["Authorization"] = f"Bearer {json.loads(token)['access_token']}"
    try:
        yield org
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def measured(org: Org, files: dict[str, list[Path]], rows: int, where: str) -> None:
    """Loads and reads everything, and says how fast."""
    print(f"\n{where}")
    report("start, by the clock", org.start_seconds, "start", "s")
    report("start, CPU", org.start_cpu_seconds, "start", "s")
    for name, parts in files.items():
        with clocked(org, f"upsert of {name}", rows, "ingest"):
            load(org, name, parts)
        if name == "Account":
            report("memory with these accounts", org.gibibytes("VmRSS"), "GiB", "GiB")
    with clocked(org, "bulk query of Account", rows, "query"):
        found = read(org, f"SELECT {ACCOUNT} FROM Account")
    assert found == rows, f"{found} of {rows} accounts came back"
    with clocked(org, "bulk query of Contact with its account's key", rows, "query"):
        found = read(org, f"SELECT {CONTACT} FROM Contact")
    assert found == rows, f"{found} of {rows} contacts came back"
    report("memory at most", org.gibibytes("VmHWM"), "GiB", "GiB")


@contextmanager
def clocked(org: Org, what: str, rows: int, aim: str) -> Iterator[None]:
    """Prints rows a second of the org's CPU and of the clock, and what the client used beside."""
    began, cpu, own = time.perf_counter(), org.cpu_seconds(), time.process_time()
    yield
    seconds, cpu, own = time.perf_counter() - began, org.cpu_seconds() - cpu, time.process_time() - own
    report(what, rows / cpu, aim, "rows/s of a core")
    print(f"{'':46}{rows / seconds:>12,.0f} rows/s by the clock; CPU {cpu:.1f} s, client's {own:.1f} s")


def report(what: str, value: float, aim: str, unit: str) -> None:
    """One line, with the aim and how far the value is from it."""
    goal = AIMS[aim]
    ratio = value / goal if aim in {"ingest", "query"} else goal / value
    shown = f"{value:,.0f}" if value > 100 else f"{value:.2f}"
    print(f"  {what:44}{shown:>12} {unit} ({goal:,.0f}: {ratio:.1f} times as good)")


def load(org: Org, name: str, parts: list[Path]) -> None:
    """Upserts every part as a job of its own, all of them at once, as a real loader does."""
    jobs = []
    for part in parts:
        asked = {"object": name, "operation": "upsert", "externalIdFieldName": KEY}
        job = json.loads(org.request("POST", f"{DATA}/jobs/ingest", asked))["id"]
        with part.open("rb") as file:
            org.request("PUT", f"{DATA}/jobs/ingest/{job}/batches", file, "text/csv")
        org.request("PATCH", f"{DATA}/jobs/ingest/{job}", {"state": "UploadComplete"})
        jobs.append(job)
    for job in jobs:
        ended = org.finished(f"{DATA}/jobs/ingest/{job}")
        assert (ended["state"], ended["numberRecordsFailed"]) == ("JobComplete", 0), ended


def read(org: Org, soql: str) -> int:
    """How many rows a bulk query gives; no value holds a line break."""
    job = json.loads(org.request("POST", f"{DATA}/jobs/query", {"operation": "query", "query": soql}))["id"]
    org.finished(f"{DATA}/jobs/query/{job}")
    rows, locator = 0, ""
    while locator != "null":
        after = f"&locator={locator}" if locator else ""
        page = org.request("GET", f"{DATA}/jobs/query/{job}/results?maxRecords=50000{after}")
        rows += page.count(b"\n") - 1
        locator = org.headers["Locator"]
    return rows


def written(folder: Path, name: str, rows: int) -> list[Path]:
    """The files of an object, one a job."""
    files = []
    for begin in range(0, rows, ROWS_OF_A_JOB):
        file = folder / f"{name}-{begin}.csv"
        numbers = range(begin, min(begin + ROWS_OF_A_JOB, rows))
        row, header = (account, ACCOUNT) if name == "Account" else (contact, CONTACT)
        file.write_text(header + "\n" + "".join(map(row, numbers)), "utf-8")
        files.append(file)
    return files


def account(number: int) -> str:
    return (
        f'A{number:08},Whānau Energy {number},Invoice,NZBN{number},"Pōneke Power, {number}",'
        f"Customer - Direct,Energy,+64 4 {number:07},https://example.com/{number},{number}.5,"
        f"{number} Ōtaki Street,Wellington,WGN,6011,New Zealand\n"
    )


def contact(number: int) -> str:
    birth_date = f"19{number % 90 + 10}-0{number % 9 + 1}-1{number % 9}"
    return (
        f"C{number:08},A{number:08},Ms.,Aroha,Ngata {number},Ari,aroha.{number}@example.com,"
        f"+64 4 {number:07},+64 21 {number:07},{birth_date},"
        f"{number} Ōtaki Street,Wellington,WGN,6011,New Zealand\n"
    )


if __name__ == "__main__":
    main()
