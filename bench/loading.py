"""What loading ready CSVs costs a client, and reading the results: `python -m bench.loading --rows 100000`.

The connector's upload-and-results step beside simple-salesforce's Bulk API 2.0 client, lht and jsforce, one
after the other against the same sandbox over TLS, each in a process of its own: its CPU seconds, and its
memory at most above that of its imports. The rows are contacts with an account as parent, all of them made
anew for each client. `make bench-clients` installs the last two. Needs /proc (Linux).
"""

import argparse
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import requests
from pyarrow import csv
from simple_salesforce.bulk2 import SFBulk2Type

from bench.pipeline import cpu_seconds, peak_megabytes
from connector.clients.salesforce.org import connect_salesforce
from connector.instance import Instance
from connector.model.job import JobRequest, ResultKind
from connector.settings import SalesforceSecrets
from deployments.sandbox_process import SandboxSalesforce, sandbox
from deployments.stack import PROJECT

KEY = "Gentrack_External_Id__c"
ROWS_OF_A_JOB = 20_000
CONTACTS_OF_AN_ACCOUNT = 2
JSFORCE = PROJECT / "bench" / "jsforce.mjs"
PEERS = PROJECT / ".venv" / "peers"
"""Where `make bench-clients` puts Python packages that nothing else here needs."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="contacts for each client")
    parser.add_argument("--client", choices=CLIENTS, help="load in this process, and write JSON")
    parser.add_argument("--only", nargs="+", choices=[*CLIENTS, "jsforce"], help="these and no others")
    parser.add_argument("files", nargs="*", type=Path)
    arguments = parser.parse_args()
    if arguments.client:
        measured = _measured(CLIENTS[arguments.client], json.loads(sys.stdin.read()), arguments.files)
        sys.stdout.write(json.dumps(measured) + "\n")
        return
    with tempfile.TemporaryDirectory(prefix="bench-loading-") as name:
        folder = Path(name)
        with sandbox(folder / "sandbox", customers=1) as running:
            org = running.salesforce
            accounts = _accounts(folder, arguments.rows // CONTACTS_OF_AN_ACCOUNT)
            _in_a_process("connector", org, accounts, "Account")
            for client in arguments.only or [*CLIENTS, "jsforce"]:
                files = _contacts(folder, client, arguments.rows)
                found = _in_a_process(client, org, files, "Contact")
                print(
                    f"{client:<18}{arguments.rows / found['wall']:>10,.0f} rows/s"
                    f"{found['cpu']:>8.2f} CPU s{found['megabytes']:>8,.0f} MiB above imports"
                    f"  {found['rows']:,.0f} results"
                )


def _connector(given: dict[str, str], files: Sequence[Path]) -> int:
    """The client of this project, as `connector.sync.bulk_job` calls it."""
    section = {"url": given["tls_url"], "ca_file": given["ca_file"]}
    described = {"id": "1", "name": "Bench", "salesforce": section, "gentrack": {"url": "http://127.0.0.1:1"}}
    secrets = SalesforceSecrets.model_validate({name: given[name] for name in ("client_id", "client_secret")})
    org = connect_salesforce(Instance.model_validate(described), secrets)
    rows = 0
    for file in files:
        job = org.create_job(JobRequest(given["object"], "upsert", KEY))
        org.upload(job, file)
        org.commit_job(job)
        org.wait_for_job(job)
        rows += sum(org.results(job, kind).num_rows for kind in ResultKind)
    return rows


def _simple_salesforce(given: dict[str, str], files: Sequence[Path]) -> int:
    """simple-salesforce with results as records, which is what the connector has in the end."""
    rows = 0
    for bulk, job in _loaded_by_simple_salesforce(given, files):
        rows += sum(len(records) for records in bulk.get_all_ingest_records(job).values())
    return rows


def _simple_salesforce_files(given: dict[str, str], files: Sequence[Path]) -> int:
    """The same at its leanest: results go to files that nobody reads; it counts what was sent."""
    for bulk, job in _loaded_by_simple_salesforce(given, files):
        for number, save in enumerate(
            (bulk.get_successful_records, bulk.get_failed_records, bulk.get_unprocessed_records)
        ):
            save(job, file=str(files[0].with_suffix(f".{number}.results")))
    return len(files) * ROWS_OF_A_JOB


def _loaded_by_simple_salesforce(
    given: dict[str, str], files: Sequence[Path]
) -> Iterator[tuple[SFBulk2Type, str]]:
    session = requests.Session()
    session.trust_env = False  # a CA of the environment would stand before the session's own
    session.verify = given["ca_file"]
    headers = {
        "Authorization": f"Bearer {_token(given, session)}",
        "Content-Type": "application/json",
        "X-PrettyPrint": "1",
    }
    bulk = SFBulk2Type(given["object"], f"{given['tls_url']}/services/data/v66.0/jobs/", headers, session)
    for file in files:
        (job,) = bulk.upsert(csv_file=str(file), external_id_field=KEY, batch_size=ROWS_OF_A_JOB, wait=1)
        yield bulk, str(job["job_id"])


def _lht(given: dict[str, str], files: Sequence[Path]) -> int:
    """The package lht with results as records; what it takes are rows, so their reading is not counted."""
    sys.path.append(str(PEERS))
    retl, results = (importlib.import_module(f"lht.salesforce.{name}") for name in ("retl", "results_bapi"))
    warehouse = importlib.import_module("lht.warehouse").Warehouse

    class Rows(warehouse):  # type: ignore[misc, valid-type]
        def rows(self, query: str) -> list[dict[str, Any]]:
            began = cpu_seconds()
            found: list[dict[str, Any]] = csv.read_csv(query).to_pylist()
            NOT_COUNTED.append(cpu_seconds() - began)
            return found

        def execute(self, statement: str) -> None:
            """Its tables of jobs are not what is measured."""

        def create_table(self, table: str, columns: object) -> None:
            """Nor these."""

        def timestamp_literal(self, value: object) -> str:
            return str(value)

    os.environ["REQUESTS_CA_BUNDLE"] = given["ca_file"]
    vars(retl)["time"] = SimpleNamespace(sleep=lambda _seconds: time.sleep(0.5))  # not 10 s from look to look
    access = {"access_token": _token(given, requests.Session()), "instance_url": given["tls_url"]}
    rows = 0
    for file in files:
        done = retl.upsert(Rows(None), access, given["object"], str(file), KEY, ROWS_OF_A_JOB)
        for job in done["batch_results"]:
            rows += len(results.get_successful_results(access, job["job_id"]))
            rows += len(results.get_failed_results(access, job["job_id"]))
    return rows


def _token(given: dict[str, str], session: requests.Session) -> str:
    form = {"grant_type": "client_credentials"}
    form |= {name: given[name] for name in ("client_id", "client_secret")}
    answer = session.post(f"{given['tls_url']}/services/oauth2/token", data=form, verify=given["ca_file"])
    return str(answer.json()["access_token"])


NOT_COUNTED: list[float] = []
"""CPU seconds of what a client's users do before it."""

CLIENTS: dict[str, Callable[[dict[str, str], Sequence[Path]], int]] = {
    "connector": _connector,
    "simple-salesforce": _simple_salesforce,
    "the same to files": _simple_salesforce_files,
    "lht": _lht,
}


def _in_a_process(client: str, org: SandboxSalesforce, files: Sequence[Path], name: str) -> dict[str, float]:
    given = {
        "tls_url": org.tls_url,
        "ca_file": str(org.ca_file),
        "client_id": org.client_id,
        "client_secret": org.client_secret.get_secret_value(),
        "object": name,
    }
    command = [sys.executable, "-m", "bench.loading", "--client", client]
    if client == "jsforce":
        node = shutil.which("node", path=f"{PROJECT / '.venv' / 'bin'}:{os.environ['PATH']}")
        assert node, "Node is needed: make bench-clients finds or installs it"
        command = [node, str(JSFORCE)]
    done = subprocess.run(
        [*command, *map(str, files)],
        input=json.dumps(given).encode(),
        stdout=subprocess.PIPE,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(org.ca_file)},
        check=True,
    )
    return dict(json.loads(done.stdout))


def _measured(
    load: Callable[[dict[str, str], Sequence[Path]], int], given: dict[str, str], files: Sequence[Path]
) -> dict[str, float]:
    imports, began, cpu = peak_megabytes(), time.perf_counter(), cpu_seconds()
    rows = load(given, files)
    wall, cpu = time.perf_counter() - began, cpu_seconds() - cpu - sum(NOT_COUNTED)
    return {"rows": rows, "wall": wall, "cpu": cpu, "megabytes": peak_megabytes() - imports}


def _accounts(folder: Path, number: int) -> list[Path]:
    keys = [f"A{index}" for index in range(number)]
    return _files(folder, "accounts", pa.table({KEY: keys, "Name": [f"Account {key}" for key in keys]}))


def _contacts(folder: Path, prefix: str, number: int) -> list[Path]:
    columns: dict[str, list[str]] = {
        KEY: [f"{prefix}-{index}" for index in range(number)],
        f"Account.{KEY}": [f"A{index // CONTACTS_OF_AN_ACCOUNT}" for index in range(number)],
        "FirstName": [f"Aroha {index}" for index in range(number)],
        "LastName": [f"Ngata {prefix}" for _ in range(number)],
        "Phone": [f"+64 4 {index:07}" for index in range(number)],
        "MailingStreet": [f"{index % 900} Ōtaki Street" for index in range(number)],
        "MailingCity": ["Pōneke"] * number,
        "MailingPostalCode": [f"{index % 9_000:04}" for index in range(number)],
        "MailingCountry": ["New Zealand"] * number,
    }
    return _files(folder, prefix, pa.table(columns))


def _files(folder: Path, name: str, table: pa.Table) -> list[Path]:
    files = []
    for start in range(0, table.num_rows, ROWS_OF_A_JOB):
        files.append(folder / f"{name}-{start}.csv")
        csv.write_csv(table.slice(start, ROWS_OF_A_JOB), files[-1], csv.WriteOptions(quoting_style="needed"))
    return files


if __name__ == "__main__":
    main()
