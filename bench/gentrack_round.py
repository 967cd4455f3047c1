"""What Gentrack's part of a round takes: `python -m bench.gentrack_round --customers 20000`.

Notices of mixed resources are traced to rows, and the rows gathered, entity by entity. The API is the
sandbox's own, on this machine, so time by the clock holds the sandbox's too; CPU is the connector's alone.
"""

import argparse
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from connector.clients.gentrack.api import connect_gentrack
from connector.clients.gentrack.calls import connect_calls
from connector.clients.gentrack.finding import GentrackFindingApi
from connector.entities import registry
from connector.instance import Instance
from connector.model.change import Notice, Side
from connector.settings import GentrackSecrets
from connector.sync.ongoing.gentrack.side import GentrackSide
from deployments.sandbox_process import Sandbox, sandbox

SHARES = {
    "accounts": 3.0,
    "customers": 3.0,
    "accountCustomers": 2.0,
    "meterPoints": 2.0,
    "agreements": 2.0,
    "orders": 1.0,
    "orderLines": 1.0,
    "pricePlans": 0.1,
    "products": 0.1,
}
"""How much of what changes is of which resource."""
_ID = pa.struct([("id", pa.int64())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    customers = parser.parse_args().customers
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name), customers=customers) as systems:
        instance, secrets = _tenant(systems)
        api = connect_gentrack(instance, secrets)
        ids = {name: list(map(str, next(iter(api.pages(name, _ID)))["id"])) for name in SHARES}
        with _side(instance, secrets) as side:
            chance = random.Random(1)
            _round(side, _notices(chance, ids, 50))
            for count in (1, 10, 100, 500, 1000):
                _measure(side, _notices(chance, ids, count))


def _measure(side: GentrackSide, notices: list[Notice]) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    rows = _round(side, notices)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"{len(notices):>5} notices {rows:>5} rows {cpu * 1000:>6.0f} ms CPU {seconds:>6.2f} s by the clock"
    )


def _round(side: GentrackSide, notices: list[Notice]) -> int:
    keys: dict[str, set[str]] = defaultdict(set)
    for rows in side.traced(notices).rows.values():
        for name, key in rows:
            keys[name].add(key)
    return sum(len(side.records(spec, keys[spec.name])) for spec in registry() if spec.name in keys)


def _notices(chance: random.Random, ids: dict[str, list[str]], count: int) -> list[Notice]:
    kinds = chance.choices(list(SHARES), list(SHARES.values()), k=count)
    return [Notice(Side.GENTRACK, kind, chance.choice(ids[kind])) for kind in kinds]


@contextmanager
def _side(instance: Instance, secrets: GentrackSecrets) -> Iterator[GentrackSide]:
    calls = connect_calls(instance, secrets, per_second=1000, parallel=8)
    finding = GentrackFindingApi(calls, page_size=2000)
    try:
        with GentrackSide(finding, registry()) as side:
            yield side
    finally:
        finding.close()
        calls.close()


def _tenant(systems: Sandbox) -> tuple[Instance, GentrackSecrets]:
    given = systems.gentrack
    described = {
        "id": given.tenant_id,
        "name": "Bench",
        "salesforce": {"url": systems.salesforce.tls_url},
        "gentrack": {"url": given.url, "page_size": 5000},
    }
    secrets = GentrackSecrets(app_id=given.app_id, app_secret=given.app_secret)
    return Instance.model_validate(described), secrets


if __name__ == "__main__":
    main()
