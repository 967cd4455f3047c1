"""The CSV of a job, to the byte."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from connector.entities import entity
from connector.errors import RequestRefused
from connector.mapping.converters import TEXT
from connector.mapping.decisions import Operation
from connector.mapping.vocabulary import EntitySpec
from connector.model.job import JobRequest
from connector.sync.job_csv import job_columns, request_for, write_csv
from tests.unit.sync.sync_describe import described

CONTACT, RELATION = entity("contact"), entity("account_contact_relation")


def frame(**columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values, dtype=TEXT) for name, values in columns.items()})


@pytest.fixture
def written(tmp_path: Path) -> Callable[[pd.DataFrame], bytes]:
    def write(content: pd.DataFrame) -> bytes:
        path = tmp_path / "job.csv"
        assert write_csv(content, path) == path.stat().st_size
        return path.read_bytes()

    return write


def lined_up(spec: EntitySpec, **columns: list[str | None]) -> pd.DataFrame:
    """Rows of a lined-up batch; columns that are not given are missing."""
    rows = len(next(iter(columns.values())))
    names = ["key", "salesforce_id", *(f"parent.{p.field}" for p in spec.parents)]
    names += [f"t.{field.api_name}" for field in spec.fields]
    return frame(**{name: columns.get(name.replace(".", "_"), [None] * rows) for name in names})


def test_the_bytes_have_lf_no_mark_and_quotes_around_text(written: Callable[[pd.DataFrame], bytes]) -> None:
    content = frame(
        Key=["A1", "A2"],
        Street=["1 High St\nFlat 2", 'The "Old", House'],
        Name=["Ngāti Kahungunu 😀", None],
        Note=["#N/A", None],
    )
    assert written(content).decode("utf-8") == (
        '"Key","Street","Name","Note"\n'
        '"A1","1 High St\nFlat 2","Ngāti Kahungunu 😀","#N/A"\n'
        '"A2","The ""Old"", House",,\n'
    )


def test_rows_cut_from_a_larger_batch_are_the_ones_written(written: Callable[[pd.DataFrame], bytes]) -> None:
    assert written(frame(Key=["A1", "A2", "A3"]).iloc[1:2]) == b'"Key"\n"A2"\n'


def test_creations_are_upserts_and_what_exists_is_updated_by_id() -> None:
    assert request_for(CONTACT, Operation.CREATE) == JobRequest(
        "Contact", "upsert", "Gentrack_External_Id__c"
    )
    for operation in (Operation.UPDATE, Operation.ADOPT):
        assert request_for(CONTACT, operation) == JobRequest("Contact", "update")


def test_a_creation_names_its_parents_and_leaves_out_what_is_missing() -> None:
    rows = lined_up(CONTACT, key=["C1", "C2"], parent_AccountId=["A1", None], t_LastName=["Ngata", "Tane"])
    content = job_columns(CONTACT, described(CONTACT), Operation.CREATE, rows, {})
    assert list(content) == ["Gentrack_External_Id__c", "Account.Gentrack_External_Id__c", "LastName"]
    assert content.iloc[1].isna().tolist() == [False, True, False]


def test_a_creation_carries_only_what_the_user_may_create() -> None:
    rows = lined_up(CONTACT, key=["C1"], t_LastName=["Ngata"], t_Phone=["1"])
    content = job_columns(
        CONTACT, described(CONTACT, Phone={"createable": False}), Operation.CREATE, rows, {}
    )
    assert "Phone" not in content


def test_an_update_goes_by_id_names_no_parent_and_clears_what_gentrack_cleared() -> None:
    rows = lined_up(
        RELATION,
        key=["A1:C1"],
        salesforce_id=["07k1"],
        parent_AccountId=["A1"],
        t_IsActive=["true"],
        t_StartDate=["2019-03-01"],
    )
    content = job_columns(RELATION, described(RELATION), Operation.UPDATE, rows, {})
    assert content.iloc[0].to_dict() == {
        "Gentrack_External_Id__c": "A1:C1",
        "Id": "07k1",
        "IsActive": "true",
        "StartDate": "2019-03-01",
        "EndDate": "#N/A",
    }


def test_an_update_writes_what_salesforce_masters_only_where_it_is_given_and_never_clears_it() -> None:
    rows = lined_up(RELATION, key=["k1", "k2"], salesforce_id=["1", "2"], t_Roles=["Main", None])
    content = job_columns(RELATION, described(RELATION), Operation.UPDATE, rows, {})
    assert content["Roles"].isna().tolist() == [False, True]


def test_an_adoption_writes_everything_that_may_be_updated_and_clears_nothing() -> None:
    rows = lined_up(RELATION, key=["k"], salesforce_id=["07k1"], t_Roles=["Main"], t_IsActive=["true"])
    content = job_columns(
        RELATION, described(RELATION, IsActive={"updateable": False}), Operation.ADOPT, rows, {}
    )
    assert content.iloc[0].to_dict() == {"Gentrack_External_Id__c": "k", "Id": "07k1", "Roles": "Main"}


def test_a_lookup_that_the_user_does_not_see_is_named() -> None:
    rows = lined_up(CONTACT, key=["C1"])
    hidden = described(CONTACT, AccountId={"relationship_name": None})
    with pytest.raises(RequestRefused, match=r"Contact\.AccountId is not a lookup"):
        job_columns(CONTACT, hidden, Operation.CREATE, rows, {})
