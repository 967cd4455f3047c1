"""The same runs with staging in S3, whose access stands in settings or in a Prefect block."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prefect_aws import AwsCredentials, S3Bucket
from prefect_aws.client_parameters import AwsClientParameters
from pyarrow.fs import FileSelector

from connector.locations import S3Access, located
from deployments.prefect_server import PrefectServer
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack
CUSTOMERS, SEED = 100, 12
Parts = Callable[[], tuple[int, int]]


def counts_of(site: Site) -> dict[str, dict[str, int]]:
    """The counts by object of a run that is made now."""
    state = initial_sync(site.instance, "tests", return_state=True)
    assert state.is_completed()
    return dict(site.summary(str(state.state_details.flow_run_id))["entities"])


@pytest.fixture
def new_site(
    start_sandbox_of: Callable[[int, int], Sandbox],
    make_site: Callable[..., Site],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Site]:
    """A fresh sandbox's site, with settings that differ; one that is empty is not set."""

    def make(**changed: str) -> Site:
        site = make_site(start_sandbox_of(CUSTOMERS, SEED), **changed)
        for name, value in changed.items():
            if not value:
                monkeypatch.delenv(name)
        return site

    return make


@pytest.fixture
def parts(s3: S3Access, bucket: str, tmp_path: Path) -> Parts:
    """How many parts lie in the folder of this machine, and in the bucket."""

    def count() -> tuple[int, int]:
        there = located(bucket, s3)
        keys = there.files.get_file_info(FileSelector(there.path, recursive=True))
        here = list((tmp_path / "staging").rglob("*.parquet"))
        return len(here), sum(key.path.endswith(".parquet") for key in keys)

    return count


@pytest.fixture
def settings_of(
    s3: S3Access, bucket: str, prefect_server: PrefectServer, tmp_path: Path
) -> Callable[[str], dict[str, str]]:
    """The settings that differ, by what the staging is."""
    assert s3.access_key_id
    assert s3.secret_access_key
    key, secret = s3.access_key_id.get_secret_value(), s3.secret_access_key
    working = {"CONNECTOR_WORKING_FOLDER": str(tmp_path / "working")}

    def settings(staging: str) -> dict[str, str]:
        if staging == "s3":
            return working | {
                "CONNECTOR_STAGING_FOLDER": f"{bucket}/staging",
                "CONNECTOR_S3__ENDPOINT_URL": str(s3.endpoint_url),
                "CONNECTOR_S3__REGION": str(s3.region),
                "CONNECTOR_S3__ACCESS_KEY_ID": key,
                "CONNECTOR_S3__SECRET_ACCESS_KEY": secret.get_secret_value(),
            }
        credentials = AwsCredentials(
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            region_name=s3.region,
            aws_client_parameters=AwsClientParameters(endpoint_url=s3.endpoint_url),
        )
        block = S3Bucket(
            bucket_name=bucket.removeprefix("s3://"), bucket_folder="staging", credentials=credentials
        )
        block.save("staging", overwrite=True)
        return working | {"CONNECTOR_S3_BLOCK": "s3-bucket/staging", "CONNECTOR_STAGING_FOLDER": ""}

    return settings


@pytest.mark.parametrize("staging", [pytest.param("s3", marks=pytest.mark.slow), "s3 by a block"])
def test_a_run_loads_everything_and_the_next_one_sends_nothing(
    staging: str, settings_of: Callable[[str], dict[str, str]], new_site: Callable[..., Site], parts: Parts
) -> None:
    site = new_site(**settings_of(staging))
    first = counts_of(site)
    assert all(counts["created"] > 0.9 * counts["read"] > 10 for counts in first.values())
    if staging == "s3":
        site.forget_calls()
        second = counts_of(site)
        assert [call for call in site.org_calls() if "/jobs/ingest" in call["path"]] == []
        assert [c["unchanged"] for c in second.values()] == [c["created"] for c in first.values()]
    here, in_bucket = parts()
    assert here == 0
    assert in_bucket > 0
