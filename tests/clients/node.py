"""Node as the tests find it, with the packages that `make test-clients` installs beside this file."""

import os
import shutil
import subprocess
from pathlib import Path

_HERE = Path(__file__).parent


def run_node(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `node` with these arguments said, run in `folder`."""
    node = shutil.which("node")
    assert node, "Node is needed: make test-clients finds or installs it"
    assert (_HERE / "node_modules").is_dir(), "npm packages are needed: make test-clients installs them"
    return subprocess.run(
        [node, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
