"""Where commands are tried."""

from pathlib import Path

import pytest

from tests.deployments.nowhere import put_instance


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder to work in, with an instance whose systems do not answer."""
    put_instance(tmp_path)
    return tmp_path
