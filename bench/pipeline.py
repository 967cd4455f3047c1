"""What a whole initial synchronisation costs, stage by stage: `python -m bench.pipeline --customers 20000`.

Three runs on the same two systems: the first, one on what agrees already, and one after a thousandth of the
records was changed in Gentrack; `--first` ends after the first. Each is a process of its own, so that its
CPU seconds and its memory are the client's: not those of the sandbox, PostgreSQL and the Prefect server,
which work beside it on the same cores. With `--rows-per-second`, Salesforce is held at that speed, and the
run is compared with what the upload of the same rows takes at least. Needs /proc (Linux).
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
from rich.console import Console

from connector.bootstrap import ledger_of
from connector.model.run import Run, Stage
from connector.settings import load_settings
from deployments.ending import end_on_sigterm
from deployments.sandbox_process import SandboxGentrack
from deployments.stack import PROJECT, Stack, stack

CHANGED_SHARE = 0.001
CHANGED_TOWN = "New Plymouth"
QUIET = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--first", action="store_true", help="the first run alone")
    parser.add_argument("--rows-per-second", type=float, help="ceiling of all jobs in Salesforce together")
    parser.add_argument("--run", metavar="INSTANCE", help="measure one run in this process, and write JSON")
    arguments = parser.parse_args()
    if arguments.run:
        sys.stdout.write(json.dumps(one_run(arguments.run)) + "\n")
        return
    end_on_sigterm()
    home = Path(tempfile.mkdtemp(prefix="bench-pipeline-"))
    try:
        with stack(home, Console(stderr=True), customers=arguments.customers) as running:
            if arguments.rows_per_second:
                hold(running, arguments.rows_per_second)
            first = started(running)
            report("first run", first)
            if arguments.rows_per_second:
                compare(first, arguments.rows_per_second)
            if arguments.first:
                return
            report("again, nothing changed", started(running))
            changed = change(running.sandbox.gentrack, max(1, round(first["rows"] * CHANGED_SHARE)))
            report(f"again, {changed:,} service points changed in Gentrack", started(running))
    finally:
        shutil.rmtree(home)


def started(running: Stack) -> dict[str, Any]:
    """What a run in a process of its own measured of itself."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.pipeline", "--run", running.instance],
        cwd=running.home,
        env=running.environment() | QUIET | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def one_run(instance: str) -> dict[str, Any]:
    """Run the flow here: seconds by the clock and of CPU by stage, rows, and the memory it took at most."""
    from flows import initial_sync as module  # noqa: PLC0415 - decorators read Prefect's settings
    from tasks.stages import staged  # noqa: PLC0415

    imported = peak_megabytes()
    stages: dict[str, tuple[float, float, float]] = {}

    class measured(AbstractContextManager[None]):  # noqa: N801 - it stands where `staged` stands
        def __init__(self, run: Run, stage: Stage) -> None:
            self._stage, self._inner = stage, staged(run, stage)

        def __enter__(self) -> None:
            forget_peak()
            self._began = time.perf_counter(), cpu_seconds()
            self._inner.__enter__()

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            self._inner.__exit__(kind, error, trace)
            wall, cpu = self._began
            stages[self._stage.value] = time.perf_counter() - wall, cpu_seconds() - cpu, peak_megabytes()

    vars(module)["staged"] = measured
    began, cpu = time.perf_counter(), cpu_seconds()
    state = module.initial_sync(instance, confirmed_by="the benchmark", return_state=True)
    wall, cpu = time.perf_counter() - began, cpu_seconds() - cpu
    run_id = str(state.state_details.flow_run_id)
    summary = json.loads(Path("reports", run_id, "summary.json").read_text())
    ledger = ledger_of(load_settings())
    started_run = ledger.find_run(run_id)
    assert started_run is not None
    sent = sum(job.rows for job in ledger.jobs(started_run))
    ledger.close()
    return {
        "sent": sent,
        "outcome": summary["outcome"],
        "message": summary["message"],
        "rows": sum(counts["read"] for counts in summary["entities"].values()),
        "wall": wall,
        "cpu": cpu,
        "stages": stages,
        "imported_megabytes": imported,
        "peak_megabytes": max(peak for _, _, peak in stages.values()),
    }


def hold(running: Stack, rows_per_second: float) -> None:
    """Let all jobs of the org together take no more rows in a second."""
    settings = {"latency": {"rows_per_second": rows_per_second}}
    httpx.patch(f"{running.sandbox.salesforce.url}/sandbox/settings", json=settings).raise_for_status()


def compare(measured: dict[str, Any], rows_per_second: float) -> None:
    """The run beside what the upload of all that it sent takes at that speed, whoever sends it."""
    least = measured["sent"] / rows_per_second
    times = measured["wall"] / least
    sent = measured["sent"]
    print(f"  {sent:,} rows sent take {least:,.1f} s at least; the run took {times:.2f} times that")


def cpu_seconds() -> float:
    """What this process has used, in user and system mode, all its threads together."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_megabytes() -> float:
    """The resident memory of this process at most since `forget_peak`."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM: this needs Linux")


def forget_peak() -> None:
    """Begin a new peak, so that each stage has its own (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5", "utf-8")


def change(gentrack: SandboxGentrack, wished: int) -> int:
    """Change the town of this many service points, evenly spread; returns how many there were to change."""
    root = f"{gentrack.url}/v1"
    with httpx.Client(timeout=60) as client:
        secret = gentrack.app_secret.get_secret_value()
        token = client.post(f"{root}/token", auth=(gentrack.app_id, secret)).json()["accessToken"]
        client.headers["Authorization"] = f"Bearer {token}"
        points: list[int] = []
        address: str | None = f"{root}/junifer/meterPoints?limit=5000"
        while address:
            page = client.get(address).raise_for_status().json()
            points += [record["id"] for record in page["results"]]
            following = page["links"].get("next")
            address = f"{root}/junifer{following.partition('/rest/v1')[2]}" if following else None
        chosen = points[:: max(1, len(points) // wished)][:wished]
        for point in chosen:
            changed = {"address": {"address4": CHANGED_TOWN}}
            client.patch(f"{root}/junifer/meterPoints/{point}", json=changed).raise_for_status()
        return len(chosen)


def report(what: str, measured: dict[str, Any]) -> None:
    """A table of one run; rows a second are those read, by the clock and by CPU."""
    rows = measured["rows"]
    print(f"\n{what}: {measured['message']}")
    print(f"  {'stage':<12}{'clock s':>10}{'CPU s':>10}{'rows/s':>12}{'rows/CPU s':>12}{'peak MiB':>10}")
    for stage, (wall, cpu, peak) in measured["stages"].items():
        speed = f"{rows / wall:>12,.0f}{rows / max(cpu, 0.01):>12,.0f}"
        print(f"  {stage:<12}{wall:>10.1f}{cpu:>10.1f}{speed}{peak:>10,.0f}")
    wall, cpu = measured["wall"], measured["cpu"]
    print(f"  {'whole run':<12}{wall:>10.1f}{cpu:>10.1f}{rows / wall:>12,.0f}{rows / cpu:>12,.0f}")
    print(
        f"  {rows:,} rows read; memory at most {measured['peak_megabytes']:,.0f} MiB,"
        f" {measured['imported_megabytes']:,.0f} MiB of them its imports"
    )


if __name__ == "__main__":
    main()
