"""How fast Gentrack's records come from each source: `python -m bench.gentrack_sources --customers 100000`.

The API is the sandbox's own, on this machine, so its figure holds the sandbox's time too.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from connector.clients.gentrack.api import connect_gentrack
from connector.clients.gentrack.exports import GentrackExports
from connector.entities import registry
from connector.instance import Instance
from connector.locations import S3Access, located
from connector.settings import GentrackSecrets
from connector.sync.ports import GentrackSource
from deployments.sandbox_process import Sandbox, sandbox

RESOURCES = {resource.name: resource for spec in registry() for resource in spec.source.resources}
NAMES = ("accounts", "customers")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    customers = parser.parse_args().customers
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in ("csv", "parquet"):
            command = ["--customers", str(customers), "--folder", str(folder / kind), "--format", kind]
            subprocess.run(
                [sys.executable, "-m", "sandbox.export", *command], check=True, stdout=subprocess.DEVNULL
            )
            exports = located(str(folder / kind), S3Access())
            _measure(kind, GentrackExports(exports, list(RESOURCES.values())))
        with sandbox(folder / "sandbox", customers=customers) as systems:
            _measure("api", _api(systems))


def _measure(what: str, source: GentrackSource) -> None:
    for name in NAMES:
        began, cpu = time.perf_counter(), time.process_time()
        rows = sum(page.num_rows for page in source.pages(name, RESOURCES[name].row_type))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{what:8} {name:10} {rows / seconds:>10,.0f} rows/s  {cpu / rows * 1e6:>6.1f} CPU s/million rows"
            f"  peak {peak:,.0f} MiB"
        )


def _api(systems: Sandbox) -> GentrackSource:
    described = {
        "id": systems.gentrack.tenant_id,
        "name": "Bench",
        "salesforce": {"url": systems.salesforce.tls_url},
        "gentrack": {"url": systems.gentrack.url},
    }
    secrets = GentrackSecrets(app_id=systems.gentrack.app_id, app_secret=systems.gentrack.app_secret)
    return connect_gentrack(Instance.model_validate(described), secrets)


if __name__ == "__main__":
    main()
