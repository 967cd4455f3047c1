"""jsforce, unpatched, on Node: each script beside this file is a test, in the language of the client."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.sandbox_process import SandboxSalesforce
from deployments.sandbox_process import sandbox as start_sandbox
from tests.clients.node import run_node

pytestmark = pytest.mark.clients
HERE = Path(__file__).parent
SCRIPTS = sorted(HERE.glob("*.test.mjs"))


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxSalesforce]:
    """A fresh org."""
    with start_sandbox(tmp_path_factory.mktemp("jsforce"), customers=10, seed=1) as started:
        yield started.salesforce


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name.removesuffix(".test.mjs"))
def test_script(script: Path, org: SandboxSalesforce) -> None:
    secret = org.client_secret.get_secret_value()
    told = json.dumps({**org.model_dump(mode="json"), "client_secret": secret})
    done = run_node("--test", script.name, folder=HERE, SANDBOX_SALESFORCE=told)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n# fail 0\n" in done.stdout
