"""An org with our package, and a look at it."""

from pathlib import Path
from typing import Any

import pytest

from connector.model.finding import Finding, Severity
from connector.sync.preflight import preflight
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.preflight.subjects import Look, ready_org, subject


@pytest.fixture
def org() -> OrgTwin:
    return ready_org()


@pytest.fixture
def found(tmp_path: Path) -> Look:
    def look(org: OrgTwin, *, notes: bool = False, **changed: Any) -> list[Finding]:
        findings = preflight(subject(org, tmp_path, **changed))
        assert all(finding.todo for finding in findings if finding.severity is not Severity.NOTE)
        return [f for f in findings if notes or f.severity is not Severity.NOTE]

    return look
