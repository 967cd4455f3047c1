"""The same run from Gentrack's API and from its exports, in a folder or in S3, ends in the same org."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connector.entities import registry
from connector.locations import S3Access, located
from connector.mapping.vocabulary import EXTERNAL_ID
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from tasks.connection import close_connections, connection
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack
CUSTOMERS, SEED = 100, 11
Content = dict[str, list[dict[str, Any]]]


def whole_org(instance: str) -> Content:
    """Every record of the objects that are synchronised, with all fields but those that hold ids and times of
    the org's own; parents stand as their external ids.
    """
    org = connection(instance).salesforce
    content: Content = {}
    for spec in registry():
        described = org.describe(spec.salesforce_object)
        names = [
            name
            for name, field in described.fields.items()
            if not field.relationship_name and (field.createable or name == EXTERNAL_ID)
        ]
        names += [
            f"{described.fields[parent.field].relationship_name}.{EXTERNAL_ID}" for parent in spec.parents
        ]
        records = org.query(f"SELECT {', '.join(names)} FROM {spec.salesforce_object}")
        told = [
            {
                name: value[EXTERNAL_ID] if isinstance(value, dict) else value
                for name, value in record.items()
                if name != "attributes"
            }
            for record in records
        ]
        content[spec.name] = sorted(told, key=repr)
    return content


@pytest.fixture
def exports_in_s3(s3: S3Access, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], str]:
    """Puts a folder of exports into a bucket and sets the access to it; returns its name."""

    def put(folder: Path) -> str:
        there = located(bucket, s3)
        for file in folder.iterdir():
            with there.files.open_output_stream(f"{there.path}/{file.relative_to(folder)}") as upload:
                upload.write(file.read_bytes())
        access = s3.model_dump(exclude_none=True)
        for name, value in access.items():
            text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            monkeypatch.setenv(f"CONNECTOR_S3__{name.upper()}", text)
        return bucket

    return put


def without_secrets_of_gentrack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if "__GENTRACK__" in name]:
        monkeypatch.delenv(name)


@pytest.fixture
def from_api(
    start_sandbox_of: Callable[[int, int], Sandbox],
    make_site: Callable[..., Site],
    monkeypatch: pytest.MonkeyPatch,
) -> Content:
    """What a run from the API leaves in the org; the access to the API is gone then."""
    site = make_site(start_sandbox_of(CUSTOMERS, SEED))
    assert initial_sync(site.instance, "tests", return_state=True).is_completed()
    content = whole_org(site.instance)
    assert min(len(records) for records in content.values()) > 20
    without_secrets_of_gentrack(monkeypatch)
    close_connections()
    return content


@pytest.fixture
def from_exports(
    start_sandbox_of: Callable[[int, int], Sandbox], make_site: Callable[..., Site]
) -> Callable[[Path | str], Content]:
    """What a run from exports at a place leaves in an org of its own."""

    def run(place: Path | str) -> Content:
        site = make_site(start_sandbox_of(CUSTOMERS, SEED), exports=place)
        assert initial_sync(site.instance, "tests", return_state=True).is_completed()
        return whole_org(site.instance)

    return run


def exported(folder: Path, kind: str) -> Path:
    """The tenant's exports as files of a kind, in a folder."""
    size = ["--customers", str(CUSTOMERS), "--seed", str(SEED)]
    command = [sys.executable, "-m", "sandbox.export", *size, "--folder", str(folder), "--format", kind]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def test_a_run_from_csv_and_parquet_in_s3_ends_in_the_org_of_a_run_from_the_api(
    from_api: Content,
    from_exports: Callable[[Path | str], Content],
    exports_in_s3: Callable[[Path], str],
    tmp_path: Path,
) -> None:
    """Every second resource as CSV, the others as Parquet."""
    exports = exported(exported(tmp_path / "exports", "csv"), "parquet")
    for number, file in enumerate(sorted(exports.glob("*.csv"))):
        (file if number % 2 else file.with_suffix(".parquet")).unlink()
    assert from_exports(exports_in_s3(exports)) == from_api


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_run_from_exports_of_one_kind_in_a_folder_ends_in_the_same_org(
    from_api: Content, from_exports: Callable[[Path | str], Content], tmp_path: Path, kind: str
) -> None:
    assert from_exports(exported(tmp_path / "exports", kind)) == from_api


def test_exports_that_lack_something_fail_the_run_at_preflight(
    sandbox: Sandbox, make_site: Callable[..., Site], tmp_path: Path
) -> None:
    (tmp_path / "accounts.csv").write_text("id,number\n", "utf-8")
    site = make_site(sandbox, exports=tmp_path)
    state = initial_sync(site.instance, "tests", return_state=True)
    assert state.message is not None
    assert state.message.startswith("failed at preflight: ")
    assert "accounts.csv lacks the columns" in state.message
    assert "customers: there is no customers.parquet" in state.message
