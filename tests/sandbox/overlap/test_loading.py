"""The overlap as it stands in the org of a running sandbox."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from sandbox.overlap import overlap_cases
from sandbox.overlap.loading import OverlapError, load_overlap
from sandbox.seed import Dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture(scope="module")
def announced(folder: Path) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "sandbox", "--customers", "300", "--seed", "3", "--overlap", "40"]
    with subprocess.Popen([*command, "--folder", str(folder)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield orjson.loads(process.stdout.readline())
        process.terminate()


def _query(announced: dict[str, Any], soql: str) -> list[dict[str, Any]]:
    org = announced["salesforce"]
    form = {"grant_type": "client_credentials"} | {name: org[name] for name in ("client_id", "client_secret")}
    token = httpx.post(f"{org['url']}/services/oauth2/token", data=form).json()["access_token"]
    answer = httpx.get(
        f"{org['url']}/services/data/v62.0/query",
        params={"q": soql},
        headers={"Authorization": f"Bearer {token}"},
    )
    records: list[dict[str, Any]] = answer.json()["records"]
    return records


def test_the_org_holds_every_record_of_every_case(announced: dict[str, Any]) -> None:
    cases = list(overlap_cases(Dataset(300, 3), 40))
    accounts = _query(announced, "SELECT Name, BillingStreet, Gentrack_External_Id__c FROM Account")
    expected = [fields for case in cases for fields in case.accounts]
    assert Counter((row["Name"], row["BillingStreet"]) for row in accounts) == Counter(
        (fields["Name"], fields["BillingStreet"]) for fields in expected
    )
    assert {row["Gentrack_External_Id__c"] for row in accounts} == {None}
    contacts = _query(announced, "SELECT LastName FROM Contact")
    assert len(contacts) == sum(len(case.contacts) for case in cases)


def test_the_truth_file_names_the_records(announced: dict[str, Any], folder: Path) -> None:
    truth = orjson.loads((folder / "overlap.json").read_bytes())
    cases = list(overlap_cases(Dataset(300, 3), 40))
    assert [entry["kind"] for entry in truth] == [case.kind for case in cases]
    names = {row["Id"]: row["Name"] for row in _query(announced, "SELECT Id, Name FROM Account")}
    homes = {row["Id"]: row["AccountId"] for row in _query(announced, "SELECT Id, AccountId FROM Contact")}
    for entry, case in zip(truth, cases, strict=True):
        assert [names[identifier] for identifier in entry["account_ids"]] == [
            fields["Name"] for fields in case.accounts
        ]
        assert {homes[identifier] for identifier in entry["contact_ids"]} == {entry["account_ids"][0]}
        assert entry["customer_number"] == case.customer_number


def test_wrong_credentials_are_told(announced: dict[str, Any]) -> None:
    with pytest.raises(OverlapError, match="oauth2/token"):
        load_overlap(announced["salesforce"] | {"client_secret": "wrong"}, [])


def test_a_refused_row_is_told(announced: dict[str, Any]) -> None:
    case = next(iter(overlap_cases(Dataset(300, 3), 1)))
    case.accounts[0]["Name"] = "x" * 300
    with pytest.raises(OverlapError, match="STRING_TOO_LONG"):
        load_overlap(announced["salesforce"], [case])
