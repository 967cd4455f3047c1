"""The state of a stack has one owner at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.errors import StackFailed
from deployments.folder import owned_folder


def test_a_second_owner_is_refused_with_the_first_ones_process_id(tmp_path: Path) -> None:
    with (
        owned_folder(tmp_path / "up"),
        pytest.raises(StackFailed, match=f"in use by process {os.getpid()}"),
        owned_folder(tmp_path / "up"),
    ):
        pass
    with owned_folder(tmp_path / "up") as folder:
        assert folder.is_dir()


def test_the_lock_of_a_killed_owner_is_free(tmp_path: Path) -> None:
    holding = (
        "import sys, time; from pathlib import Path; from deployments.folder import owned_folder\n"
        "with owned_folder(Path(sys.argv[1])):\n  print('owned', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, tmp_path / "up"], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        with pytest.raises(StackFailed, match=str(owner.pid)), owned_folder(tmp_path / "up"):
            pass
        owner.kill()
    with owned_folder(tmp_path / "up"):
        pass
