"""Which objects are captured is data of the org: one that is kept in a file remembers it."""

from pathlib import Path

from sandbox.salesforce.org import Org, OrgOptions


def test_an_org_in_a_file_captures_again_what_it_captured(tmp_path: Path) -> None:
    options = OrgOptions(tmp_path, data=tmp_path / "data", captured=("Account", "Service_Point__c"))
    org = Org(options)
    org.close()
    again = Org(OrgOptions(tmp_path, data=tmp_path / "data"))
    captured = again.topics.captured
    topic = again.topics.find("/data/Service_Point__ChangeEvent")
    again.close()
    assert captured == ["Account", "Service_Point__c"]
    assert topic is not None
