"""API versions and clocks."""

from datetime import UTC, datetime, timedelta

from connector.model.finding import Severity
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.preflight.subjects import Look, instance


def test_a_version_that_the_org_does_not_offer_blocks(org: OrgTwin, found: Look) -> None:
    future = instance(salesforce={"url": "https://x.my.salesforce.com", "api_version": "99.0"})
    (finding,) = found(org, instance=future)
    assert (finding.severity, finding.where) == (Severity.BLOCKING, "API version")
    assert finding.what == "The org does not offer API version 99.0; its newest is 67.0."


def test_clocks_that_differ_are_told(org: OrgTwin, found: Look) -> None:
    org.moment = datetime.now(UTC) - timedelta(minutes=5)
    (finding,) = [f for f in found(org, notes=True) if f.where == "clock"]
    assert finding.severity is Severity.NOTE
    assert "seconds ahead of Salesforce's" in finding.what
    org.moment, org.tells_time = None, False
    assert [(f.severity, f.where) for f in found(org)] == [(Severity.ATTEST, "clock")]
