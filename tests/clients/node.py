"""Node as the tests find it, with the packages that `make test-clients` installs beside this file."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from deployments.sandbox_process import SandboxSalesforce

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


def run_script(script: Path, org: SandboxSalesforce) -> None:
    """Run a script of tests in the language of the client; it finds the org in SANDBOX_SALESFORCE."""
    secret = org.client_secret.get_secret_value()
    told = json.dumps({**org.model_dump(mode="json"), "client_secret": secret})
    done = run_node("--test", script.name, folder=script.parent, SANDBOX_SALESFORCE=told)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n# fail 0\n" in done.stdout
