"""`connector` in a process of its own, forked from one that has imported it: importing takes two seconds."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["deployments.command_line.app"])
_SECONDS = 120


def command(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What `connector` with these arguments left: its exit status and what it printed."""
    with tempfile.TemporaryDirectory() as name:
        printed = Path(name)
        process = _PROCESSES.Process(target=_command, args=(list(arguments), cwd, dict(env), printed))
        process.start()
        process.join(_SECONDS)
        assert process.exitcode is not None, f"connector {arguments} has not ended"
        status = process.exitcode
        process.close()
        told, warned = ((printed / stream).read_text("utf-8") for stream in ("stdout", "stderr"))
    return subprocess.CompletedProcess(list(arguments), status, told, warned)


def _command(arguments: list[str], cwd: Path, env: dict[str, str], printed: Path) -> None:
    from deployments.command_line.app import main

    for number, stream in enumerate(("stdout", "stderr"), start=1):
        with (printed / stream).open("wb") as file:
            os.dup2(file.fileno(), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["connector", *arguments]
    main()
