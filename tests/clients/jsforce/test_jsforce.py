"""jsforce, unpatched, on Node: each script beside this file is a test, in the language of the client."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.sandbox_process import SandboxSalesforce
from deployments.sandbox_process import sandbox as start_sandbox
from tests.clients.node import run_script

pytestmark = pytest.mark.clients
SCRIPTS = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxSalesforce]:
    """A fresh org."""
    with start_sandbox(tmp_path_factory.mktemp("jsforce"), customers=10, seed=1) as started:
        yield started.salesforce


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name.removesuffix(".test.mjs"))
def test_script(script: Path, org: SandboxSalesforce) -> None:
    run_script(script, org)
