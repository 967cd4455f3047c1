"""How fast the Bulk client moves rows, over TLS on this machine: `python -m bench.bulk_client --rows 200000`.

The other end is a server that only takes and gives bytes, so the figures are the client's own (and TLS's).
"""

import argparse
import ssl
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import trustme
from pydantic import SecretStr

from connector.clients.salesforce.org import Org, connect_salesforce
from connector.instance import Instance
from connector.model.job import ResultKind
from connector.settings import SalesforceSecrets
from tests.unit.clients.scripted_server import Answer, ScriptedServer

JOB = "/services/data/v66.0/jobs/ingest/750"
COLUMNS = ("sf__Id", "sf__Created", *(f"Field_{number:02}__c" for number in range(13)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="rows of one job")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        csv = folder / "rows.csv"
        row = '"001000000000001AAA","true",' + ",".join(['"Pōneke, 1 Ōtaki St"'] * 13) + "\n"
        csv.write_text(",".join(COLUMNS) + "\n" + row * rows, "utf-8")
        with ScriptedServer(_tls(folder)).running() as server:
            server.answers("POST", "/services/oauth2/token", Answer(200, {"access_token": "t"}))
            server.answers("PUT", f"{JOB}/batches", Answer(201))
            server.answers("GET", f"{JOB}/successfulResults", Answer(200, csv.read_bytes()))
            org = _org(server.url, folder)
            size = csv.stat().st_size
            _measure("upload", lambda: org.upload("750", csv), rows, size)
            _measure("results", lambda: org.results("750", ResultKind.SUCCESSFUL), rows, size)


def _measure(what: str, work: Callable[[], object], rows: int, size: int) -> None:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    print(f"{what:8} {rows / seconds:>10,.0f} rows/s  {size / seconds / 1e6:>6,.0f} MB/s  {seconds:.2f} s")


def _tls(folder: Path) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    return tls


def _org(url: str, folder: Path) -> Org:
    section = {"url": url, "ca_file": folder / "ca.pem"}
    described = {"id": "1", "name": "Bench", "salesforce": section, "gentrack": {"url": "http://127.0.0.1:1"}}
    secrets = SalesforceSecrets(client_id="bench", client_secret=SecretStr("minted-for-the-bench"))
    return connect_salesforce(Instance.model_validate(described), secrets)


if __name__ == "__main__":
    main()
