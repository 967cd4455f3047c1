"""One person goes from all that is kept; what others borrowed of them is emptied; nobody else loses a row."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from connector.entities import entity
from connector.model.write_back import WriteBackMode
from connector.sync import folders
from connector.sync.differing_fields import find_differing
from connector.sync.erase.person import Person
from connector.sync.erase.published import PublishedFiles
from connector.sync.erase.reports import erase_reports, without
from connector.sync.erase.staged import erase_staged, identified
from connector.sync.report import by_object, write_refused
from connector.sync.write_back import WRITTEN_SCHEMA
from connector.sync.write_back_told import tell_write_back
from tests.unit.sync.link_ledger_twin import LinkLedgerTwin
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.people import people
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun


@pytest.fixture
def loaded(whole: WholeRun, stage_gentrack: Callable[..., None]) -> WholeRun:
    """Three customers on three accounts; the second one is of interest."""
    stage_gentrack(
        accounts=[account(1), account(2), account(3)],
        customers=[customer(n, email=f"given{n}@example.com") for n in (1, 2, 3)],
        accountCustomers=[link(n, n, n) for n in (1, 2, 3)],
    )
    whole.plan()
    whole.load()
    whole.verify()
    return whole


@pytest.fixture
def person(loaded: WholeRun) -> Person:
    known = Person(entity("contact"), people(), "c2")
    return identified(known, [loaded.run.id], loaded.workspace.staging)


def texts(whole: WholeRun) -> Iterator[tuple[str, str]]:
    """Folder and contents of every part."""
    root = Path(whole.workspace.staging.local(""))
    for file in root.rglob("*.parquet"):
        path = str(file.relative_to(root))
        yield path, str(whole.workspace.staging.read(path).to_pylist())


def test_no_part_knows_the_person_any_more_and_the_others_are_all_there(
    loaded: WholeRun, person: Person
) -> None:
    assert person.ids == {loaded.org.by_key("Contact", "C2")["Id"]}
    assert person.borrowing == {"a2"}
    words = ("Family2", "given2@example.com", "C2", str(*person.ids))
    assert {word for _, text in texts(loaded) for word in words if word in text} == set(words)

    removed = list(erase_staged(person, [loaded.run.id], loaded.workspace.staging))

    assert [(path, word) for path, text in texts(loaded) for word in words if word in text] == []
    assert {where for one in removed for where in one.where.split("/") if where.startswith("before")}
    assert list(loaded.staged(folders.plan, "contact").index) == ["C1", "C3"]
    assert list(loaded.staged(folders.plan, "account").index) == ["A1", "A2", "A3"], "its keys stay"
    assert loaded.row(folders.prepared, "account", "A2")["g.primary.name"] is None
    assert loaded.row(folders.prepared, "account", "A3")["g.primary.name"] == "Given3 Family3"
    assert list(erase_staged(person, [loaded.run.id], loaded.workspace.staging)) == [], "twice is once"


def test_the_lines_about_the_person_leave_the_reports(
    loaded: WholeRun, person: Person, tmp_path: Path
) -> None:
    folder = tmp_path / loaded.run.id
    for key in ("A1", "A2"):
        loaded.org.by_key("Account", key)["Name"] = "changed"
    for key in ("C2", "C3"):
        loaded.org.remove("Contact", key)
    loaded.org.by_key("Account", "A2")["Fax"] = "1"
    loaded.verify()
    write_refused(loaded.run, people(), by_object(people(), loaded.settle()), loaded.workspace, folder)
    (folder / "plan.json").write_text(
        json.dumps({"samples": [{"sobject": "Contact", "key": k} for k in ("C1", "C2")], "seconds": 1})
    )
    (folder / "plan.html").write_text("Family2")

    removed = list(erase_reports(person, [loaded.run.id], tmp_path))

    with (folder / "errors.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["external_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"A1", "A2", "C3", "A3:C3"}
    assert rows["A2"]["source_row"] == rows["A2"]["reason"] == ""
    assert "Family1" in rows["A1"]["source_row"]
    assert json.loads((folder / "plan.json").read_text()) == {
        "samples": [{"sobject": "Contact", "key": "C1"}],
        "seconds": 1,
    }
    assert not (folder / "plan.html").exists()
    assert [one.rows for one in removed] == [3, 1, 0]
    assert list(erase_reports(person, [loaded.run.id], tmp_path)) == []


def test_what_write_back_lists_of_the_person_goes_too(
    loaded: WholeRun, person: Person, tmp_path: Path
) -> None:
    for number in (1, 2):
        loaded.org.by_key("Contact", f"C{number}")["MobilePhone"] = f"021 {number}{number}{number}"
        loaded.org.by_key("Account", f"A{number}")["Phone"] = f"06 {number}{number}{number}"
    loaded.plan()
    loaded.load()
    find_differing(loaded.run, people(), LinkLedgerTwin(), loaded.workspace)
    folder = tmp_path / loaded.run.id
    tell_write_back(loaded.run, WriteBackMode.REPORT, loaded.workspace, folder)

    def known(text: str) -> list[str]:
        return [word for word in ("021 222", "06 222", "021 111", "06 111") if word in text]

    assert len(known((folder / "write_back.csv").read_text("utf-8"))) == 4

    list(erase_reports(person, [loaded.run.id], tmp_path))
    list(erase_staged(person, [loaded.run.id], loaded.workspace.staging))

    others = ["021 111", "06 111"]
    assert known((folder / "write_back.csv").read_text("utf-8")) == others
    assert known(" ".join(text for path, text in texts(loaded) if "/write_back/" in path)) == others


def test_what_gentrack_said_of_the_persons_values_goes_too(loaded: WholeRun, person: Person) -> None:
    refusals = {1: "'021 111' is no number", 2: "'021 222' is no number"}
    for number in refusals:
        loaded.org.by_key("Contact", f"C{number}")["MobilePhone"] = f"021 {number}{number}{number}"
    loaded.plan()
    loaded.load()
    run, staging = loaded.run, loaded.workspace.staging
    find_differing(run, people(), LinkLedgerTwin(), loaded.workspace)
    (to_write,) = staging.parts(folders.to_write(run))
    told = [
        {**place, "outcome": "rejected", "code": "InvalidField", "reason": refusals[int(place["record"])]}
        for place in staging.read(to_write.path).to_pylist()
    ]
    staging.write("written", 0, folders.written(run), pa.Table.from_pylist(told, WRITTEN_SCHEMA))

    first = next(erase_staged(person, [run.id], staging))

    assert first.where == folders.written(run), "before the claims, which alone tell whose it is"
    (part,) = staging.parts(folders.written(run))
    assert staging.read(part.path).column("reason").to_pylist() == [refusals[1]]


def test_a_file_keeps_its_byte_order_mark_and_its_other_lines(person: Person, tmp_path: Path) -> None:
    given, kept = tmp_path / "review.csv", tmp_path / "kept.csv"
    head, other = "decision,entity,external_id,salesforce_id,gentrack", 'accept,contact,C1,003A,"x, y"'
    given.write_text(f"{head}\n{other}\n,contact,C2,003B,z\n", "utf-8-sig")
    assert without(person, given, kept) == 1
    assert kept.read_bytes()[:3] == given.read_bytes()[:3]
    assert kept.read_text("utf-8-sig").splitlines() == [head, other]


class _Published(OrgTwin):
    """Answers what is asked of the files of runs; a document is known by its place among the files."""

    def query(self, soql: str) -> list[dict[str, object]]:
        if " FROM Gentrack_Sync_Run__c " in soql:
            return [{"Id": "a00", "Run_Id__c": "run-1"}]
        if " FROM ContentVersion " in soql:
            return [{"Id": soql.split("'")[1]}]
        return [
            {"ContentDocumentId": str(place), "ContentDocument": {"Title": title}}
            for place, (_, title, _) in enumerate(self.files)
        ]

    def delete_record(self, sobject: str, record_id: str) -> None:
        assert sobject == "ContentDocument"
        self.told.append(f"deleted {self.files[int(record_id)][1]}")


def test_a_file_in_salesforce_that_tells_of_the_person_is_replaced(person: Person, tmp_path: Path) -> None:
    org = _Published()
    head = "object,external_id,salesforce_id,reason,source_row\n"
    org.files = [
        ("a00", "errors.csv", f"{head}Contact,C1,,,one\nContact,c2,,,two\n"),
        ("a00", "summary.html", ""),
    ]
    (removed,) = PublishedFiles(org, tmp_path).erase(person, "61668309")
    assert (removed.where, removed.rows) == ("errors.csv of run run-1 in Salesforce", 1)
    assert org.told == ["deleted errors.csv"]
    assert org.files[-1] == ("a00", "errors.csv", f"{head}Contact,C1,,,one\n")
