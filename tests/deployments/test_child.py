"""A process of the stack ends with its owner, however the owner ends, and after what needs it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deployments.child import Child
from deployments.errors import StackFailed

# Says that it is there, waits for the signal to end, and says when it ended.
WITNESS = """
import signal, sys, time
name, file, slowness = sys.argv[1], sys.argv[2], float(sys.argv[3])
def say(what):
    with open(file, "a") as out:
        out.write(f"{name} {what}\\n")
def end(*_):
    time.sleep(slowness)
    say("ends")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
say("starts")
while True:
    time.sleep(60)
"""

OWNER = """
import sys, time
from pathlib import Path
from deployments.child import Child
folder = Path(sys.argv[1])
def witness(name, slowness, needs):
    command = [sys.executable, "-c", sys.argv[2], name, folder / "said", slowness]
    child = Child(name, command, log=folder / "log", needs=needs)
    said = folder / "said"
    child.wait_until(lambda: said.exists() and f"{name} starts" in said.read_text(), seconds=20)
    return child
database = witness("database", 0, [])
server = witness("server", 0.5, [database])
worker = witness("worker", 0.5, [server])
print("ready", flush=True)
time.sleep(60)
"""


def test_children_of_a_killed_owner_end_in_the_order_of_their_needs(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, tmp_path, WITNESS], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        owner.kill()
    said = tmp_path / "said"
    deadline = time.monotonic() + 20
    while "database ends" not in said.read_text():
        assert time.monotonic() < deadline, said.read_text()
    assert said.read_text().split("\n")[3:6] == ["worker ends", "server ends", "database ends"]


def test_stop_waits_for_the_end(tmp_path: Path) -> None:
    said = tmp_path / "said"
    child = Child("W", [sys.executable, "-c", WITNESS, "W", said, "0.3"], log=tmp_path / "log")
    child.wait_until(said.exists, seconds=20)
    child.stop()
    assert said.read_text() == "W starts\nW ends\n"
    assert child.exit_status == 0
    child.stop()


def test_a_child_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time, sys; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    child = Child("Deaf", [sys.executable, "-c", deaf], log=tmp_path / "log", grace=0.2)
    child.wait_until(lambda: (tmp_path / "log").read_text() == "1\n", seconds=20)
    child.stop()
    assert child.exit_status == 128 + signal.SIGKILL


def test_a_child_that_ends_before_it_is_ready_is_told_with_its_last_words(tmp_path: Path) -> None:
    child = Child("Q", [sys.executable, "-c", "raise SystemExit('no room')"], log=tmp_path / "q.log")
    with pytest.raises(StackFailed, match=r"Q ended by itself with status 1\.\n  no room\nSee .*q\.log"):
        child.wait_until(lambda: False, seconds=20)
    child.stop()


def test_a_child_that_is_not_ready_in_time_is_told(tmp_path: Path) -> None:
    child = Child("Slow", ["sleep", "60"], log=tmp_path / "log")
    with pytest.raises(StackFailed, match="Slow was not ready within 0 s"):
        child.wait_until(lambda: False, seconds=0)
    child.stop()


def test_what_a_command_leaves_behind_is_swept(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    child = Child("Parent", ["sh", "-c", f"sleep 60 & echo $! > '{pid_file}'"], log=tmp_path / "log")
    deadline = time.monotonic() + 20
    while child.exit_status is None:
        assert time.monotonic() < deadline
    child.stop()
    status = Path(f"/proc/{pid_file.read_text().strip()}/stat")
    assert not status.exists() or status.read_text().split()[2] == "Z"
