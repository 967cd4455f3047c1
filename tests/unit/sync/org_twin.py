"""A Salesforce org in memory, behind the same port as the real one, that fails when it is told to.

It keeps records by external id, makes the direct relation of a contact, treats empty cells and `#N/A` as Bulk
API 2.0 does, and answers in another order than it was asked. Whoever changes a record moves its stamp.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from connector.errors import RequestRefused
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.describe import ObjectDescribe
from connector.model.job import JobRequest, JobState, JobStatus, ResultKind
from connector.sync.switches import SETTING
from tests.unit.sync.people import people
from tests.unit.sync.setting_twin import USER, SettingTwin
from tests.unit.sync.setup_twin import SetupTwin, permissions_described
from tests.unit.sync.sync_describe import described

LOCKED = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record: 001,002:--"
_PREFIXES = {"Account": "001", "Contact": "003", "AccountContactRelation": "07k", "Opportunity": "006"}
_TARGETS = {"Parent": "Account"}
"""Objects whose lookup has another name."""
_CHILDREN = r"SELECT (\w+) FROM (\w+) WHERE \1 != null AND SystemModstamp >= .*?Z(.*)"
Row = dict[str, str]
SOMEBODY = "005000000000002AAA"
"""A user who isn't the connector's."""


def _key(row: Row) -> str:
    """What a row is known by in the switches of a twin: its external id, else its Id."""
    return row.get(EXTERNAL_ID) or row["Id"]


@dataclass
class Job:
    """A job, what was uploaded into it and what is answered for it."""

    id: str
    request: JobRequest
    content: bytes = b""
    rows: list[Row] = field(default_factory=list)
    status: JobStatus | None = None
    answers: dict[ResultKind, list[Row]] = field(default_factory=lambda: {kind: [] for kind in ResultKind})


class OrgTwin:
    """Fills the `SalesforceOrg` port. `told` is a list of what happened, shared with a ledger's twin."""

    def __init__(self, told: list[str] | None = None) -> None:
        self.told = told if told is not None else []
        self.records: dict[str, dict[str, dict[str, str | None]]] = {name: {} for name in _PREFIXES}
        self.made = 0
        self.jobs: list[Job] = []
        self.described: dict[str, ObjectDescribe] = {s.salesforce_object: described(s) for s in people()}
        self.described["UserPermissionAccess"] = permissions_described()
        self.refused: dict[str, str] = {}
        self.locked: dict[str, int] = {}
        self.left: set[str] = set()
        self.closed: set[str] = set()
        self.forgotten: set[str] = set()
        self.ignored: set[str] = set()
        self.failing_jobs: dict[int, str] = {}
        self.standing_jobs: dict[int, int] = {}
        self.later_jobs: dict[int, JobState] = {}
        self.run_records: dict[str, Mapping[str, Any]] = {}
        self.files: list[tuple[str, str, str]] = []
        self.clock = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
        self._stamped: dict[str, tuple[dict[str, str | None], str]] = {}
        self.setting: SettingTwin = SettingTwin(self.told)
        self.queried: list[str] = []
        self.moment: datetime | None = None
        self.tells_time = True
        self.code: dict[str, list[dict[str, Any]]] = {"ApexTrigger": []}
        self.setup: SetupTwin = SetupTwin()
        self.counts: dict[str, int] = {}
        self.limit: dict[str, dict[str, int]] = {"DailyApiRequests": {"Max": 100_000, "Remaining": 99_000}}

    def learn(self, spec: EntitySpec, prefix: str) -> None:
        """Have an object of an entity that isn't one of the people's."""
        _PREFIXES[spec.salesforce_object] = prefix
        self.records[spec.salesforce_object] = {}
        self.described[spec.salesforce_object] = described(spec)

    def now(self) -> datetime | None:
        """By default two minutes after the last change, so that clocks apart hide nothing."""
        if self.moment is not None or not self.tells_time:
            return self.moment
        for records in self.records.values():
            for record in records.values():
                self._stamp(record)
        self.clock += timedelta(minutes=2)
        return self.clock

    def user_name(self) -> str:
        return "integration@retailer.example"

    def user_id(self) -> str:
        return USER

    def describe(self, sobject: str) -> ObjectDescribe:
        try:
            return self.described[sobject]
        except KeyError:
            raise RequestRefused(f"There is no {sobject}.", status=404, code="NOT_FOUND") from None

    def limits(self) -> Mapping[str, Mapping[str, int]]:
        return self.limit

    def record_counts(self, sobjects: Iterable[str]) -> Mapping[str, int]:
        return {name: count for name, count in self.counts.items() if name in sobjects}

    def api_versions(self) -> tuple[str, ...]:
        return ("65.0", "66.0", "67.0")

    def query(self, soql: str) -> list[dict[str, Any]]:
        """Understands the small queries there are: a user's setting, a record's files and children."""
        if f" FROM {SETTING} " in soql:
            return self.setting.rows(soql)
        if children := re.fullmatch(_CHILDREN, soql):
            return self._children(*children.groups())
        if (found := self.setup.rows(soql)) is not None:
            return found
        asked = re.fullmatch(
            r"SELECT ContentDocumentId, ContentDocument.Title FROM ContentDocumentLink"
            r" WHERE LinkedEntityId = '(\w+)'",
            soql,
        )
        assert asked, soql
        return [
            {"ContentDocumentId": f"{record} {title}", "ContentDocument": {"Title": title}}
            for record, title, _ in self.files
            if record == asked[1]
        ]

    def _children(self, lookup: str, sobject: str, conditions: str) -> list[dict[str, Any]]:
        """Everything counts as changed lately."""
        if sobject in self.closed:
            raise RequestRefused(f"sObject type '{sobject}' is not supported.", code="INVALID_TYPE")
        found = [record for record in self.records[sobject].values() if record.get(lookup)]
        if f"{EXTERNAL_ID} = null" in conditions:
            found = [record for record in found if not record.get(EXTERNAL_ID)]
        if "IsDirect = false" in conditions:
            found = [record for record in found if record.get("IsDirect") != "true"]
        most = re.search(r" LIMIT (\d+)$", conditions)
        return [{lookup: record[lookup]} for record in found[: int(most[1]) if most else None]]

    def tooling_query(self, soql: str) -> list[dict[str, Any]]:
        """Everything of the object that is asked for: the conditions are the contract test's."""
        asked = re.search(r" FROM (\w+)", soql)
        assert asked, soql
        return self.code.get(asked[1], [])

    def bulk_query(self, soql: str) -> Iterator[pa.Table]:
        """Understands what `connector.sync.soql` asks: columns, one object, conditions joined by AND."""
        asked = re.fullmatch(r"SELECT (.*) FROM (\w+)(?: WHERE (.*))?", soql)
        assert asked, soql
        columns, sobject = asked[1].split(", "), asked[2]
        self.queried.append(soql)
        if children := re.fullmatch(_CHILDREN, soql):
            yield from (
                pa.table({n: [v] for n, v in row.items()}) for row in self._children(*children.groups())
            )
            return
        wanted = (asked[3] or "Id != null").split(" AND ")
        found = [
            [self._value(record, column) for column in columns]
            for record in self.records[sobject].values()
            if all(self._fits(record, condition) for condition in wanted)
        ]
        by_column: list[list[str | None]] = [[row[i] for row in found] for i in range(len(columns))]
        yield pa.table({n: pa.array(v, pa.string()) for n, v in zip(columns, by_column, strict=True)})

    def create_job(self, request: JobRequest) -> str:
        self.jobs.append(Job(f"750{len(self.jobs):015}", request))
        self.told.append(f"created {self.jobs[-1].id}")
        return self.jobs[-1].id

    def upload(self, job_id: str, csv: Path) -> None:
        self._job(job_id).content = csv.read_bytes()

    def commit_job(self, job_id: str) -> None:
        self.told.append(f"committed {job_id}")
        job = self._job(job_id)
        job.rows = list(csv.DictReader(job.content.decode("utf-8").splitlines(keepends=True)))
        if state := self.later_jobs.get(self.jobs.index(job)):
            job.status = JobStatus(job_id, state, 0, 0)
        else:
            self._work_on(job)

    def _work_on(self, job: Job) -> None:
        number, job_id = self.jobs.index(job), job.id
        if number in self.failing_jobs:
            job.status = JobStatus(job_id, JobState.FAILED, 0, 0, self.failing_jobs[number])
            job.answers[ResultKind.UNPROCESSED] = job.rows
            return
        for row in job.rows[: self.standing_jobs.get(number)]:
            self._process(job, row)
        if number in self.standing_jobs:
            job.status = JobStatus(job_id, JobState.IN_PROGRESS, self.standing_jobs[number], 0)
            return
        done = [len(job.answers[kind]) for kind in (ResultKind.SUCCESSFUL, ResultKind.FAILED)]
        state = JobState.FAILED if job.answers[ResultKind.UNPROCESSED] else JobState.JOB_COMPLETE
        job.status = JobStatus(job_id, state, sum(done), done[1])

    def job_status(self, job_id: str) -> JobStatus:
        return self._job(job_id).status or JobStatus(job_id, JobState.OPEN, 0, 0)

    def abort_job(self, job_id: str) -> None:
        self.told.append(f"aborted {job_id}")
        self._job(job_id).status = JobStatus(job_id, JobState.ABORTED, 0, 0)

    def wait_for_job(self, job_id: str) -> JobStatus:
        """A job that is processed later is so while somebody waits for it."""
        job = self._job(job_id)
        assert job.status
        if self.later_jobs.pop(self.jobs.index(job), None) and not job.status.is_terminal:
            self._work_on(job)
        return job.status

    def results(self, job_id: str, kind: ResultKind) -> pa.Table:
        if self.job_status(job_id).state is JobState.OPEN:
            raise RequestRefused("A job that is open has no results.", status=400, code="INVALIDJOBSTATE")
        rows = [row for row in self._job(job_id).answers[kind] if _key(row) not in self.forgotten]
        if not rows:
            return pa.table({})
        names = list(rows[0])[::-1]
        return pa.table({n: pa.array([row[n] or None for row in rows[::-1]], pa.string()) for n in names})

    def upsert_record(self, sobject: str, key_field: str, key: str, values: Mapping[str, Any]) -> str:
        self.run_records[key] = values
        return "a00000000000001AAA"

    def create_record(self, sobject: str, values: Mapping[str, Any]) -> str:
        assert sobject == SETTING
        return self.setting.create(values)

    def update_record(self, sobject: str, record_id: str, values: Mapping[str, Any]) -> None:
        assert sobject == SETTING
        self.setting.update(record_id, values)

    def delete_record(self, sobject: str, record_id: str) -> None:
        if sobject == "ContentDocument":
            self.files = [file for file in self.files if f"{file[0]} {file[1]}" != record_id]
            return
        assert sobject == SETTING
        self.setting.delete(record_id)

    def attach_file(self, record_id: str, title: str, path: Path) -> str:
        self.files.append((record_id, title, path.read_text("utf-8")))
        return "068000000000001AAA"

    def download_file(self, version_id: str, target: Path) -> None:
        target.write_text(self.files[int(version_id)][2], "utf-8")

    def record_url(self, sobject: str, record_id: str) -> str:
        return f"https://org.example/lightning/r/{sobject}/{record_id}/view"

    def add(self, sobject: str, **values: str | None) -> str:
        """Put a record there as if it had always been; returns its id."""
        record_id = f"{_PREFIXES[sobject]}{self.made:012}AAA"
        self.made += 1
        by = dict.fromkeys(("CreatedById", "LastModifiedById"), SOMEBODY)
        self.records[sobject][record_id] = {"Id": record_id, **by, **values}
        return record_id

    def remove(self, sobject: str, key: str) -> None:
        """Delete a record, and its relations with it."""
        self._delete(sobject, str(self.by_key(sobject, key)["Id"]))

    def _delete(self, sobject: str, gone: str) -> None:
        del self.records[sobject][gone]
        relations = self.records["AccountContactRelation"]
        for record_id in [i for i, relation in relations.items() if relation.get(f"{sobject}Id") == gone]:
            del relations[record_id]

    def by_key(self, sobject: str, key: str) -> dict[str, str | None]:
        """A record by its external id, whatever the letter case."""
        known = {str(r.get(EXTERNAL_ID)).lower(): r for r in self.records[sobject].values()}
        return known[key.lower()]

    def _job(self, job_id: str) -> Job:
        for job in self.jobs:
            if job.id == job_id:
                return job
        raise RequestRefused(f"There is no job {job_id}.", status=404, code="NOT_FOUND")

    def _stamp(self, record: Mapping[str, str | None]) -> str:
        """The second in which a record was seen to be other than before."""
        record_id, now = str(record["Id"]), dict(record)
        before, stamp = self._stamped.get(record_id, ({}, ""))
        if before != now:
            stamp = f"{self.clock:%Y-%m-%dT%H:%M:%S}.000Z"
            self._stamped[record_id] = now, stamp
        return stamp

    def _value(self, record: Mapping[str, str | None], path: str) -> str | None:
        if path == "SystemModstamp":
            return self._stamp(record)
        lookup, dot, name = path.partition(".")
        if not dot:
            return record.get(path)
        parent = record.get(f"{lookup}Id")
        return self.records[_TARGETS.get(lookup, lookup)][parent].get(name) if parent else None

    def _fits(self, record: Mapping[str, str | None], condition: str) -> bool:
        path, operator, given = condition.split(" ", 2)
        value = self._value(record, path)
        if operator == "IN":
            keys = [text[1:-1].lower() for text in given[1:-1].split(",")]
            return value is not None and value.lower() in keys
        if operator == ">=":
            return value is not None and value >= given
        return (value is None) == (operator == "=")

    def _process(self, job: Job, row: Row) -> None:
        key = _key(row)
        if key in self.left:
            job.answers[ResultKind.UNPROCESSED].append(row)
            return
        if self.locked.get(key):
            self.locked[key] -= 1
            job.answers[ResultKind.FAILED].append({"sf__Id": "", "sf__Error": LOCKED, **row})
            return
        if key in self.refused:
            job.answers[ResultKind.FAILED].append({"sf__Id": "", "sf__Error": self.refused[key], **row})
            return
        if job.request.operation == "delete" and row["Id"] not in self.records[job.request.sobject]:
            error = "ENTITY_IS_DELETED:entity is deleted:--"
            job.answers[ResultKind.FAILED].append({"sf__Id": row["Id"], "sf__Error": error, **row})
            return
        record_id, created = self._saved(job.request, row)
        answer = {"sf__Id": record_id, "sf__Created": str(created).lower(), **row}
        job.answers[ResultKind.SUCCESSFUL].append(answer)

    def _saved(self, request: JobRequest, row: Row) -> tuple[str, bool]:
        sobject = request.sobject
        if request.operation == "delete":
            self._delete(sobject, row["Id"])
            return row["Id"], False
        if request.operation == "update":
            record = self.records[sobject][row["Id"]]
            created = False
        else:
            try:
                record, created = self.by_key(sobject, row[EXTERNAL_ID]), False
            except KeyError:
                record, created = self.records[sobject][self.add(sobject, CreatedById=USER)], True
        if _key(row) in self.ignored:
            return str(record["Id"]), created
        record["LastModifiedById"] = USER
        for name, value in row.items():
            lookup, dot, _ = name.partition(".")
            if value and dot:
                record[f"{lookup}Id"] = self.by_key(_TARGETS.get(lookup, lookup), value)["Id"]
            elif value:
                record[name] = None if value == "#N/A" else value
        if created and sobject == "Contact" and record.get("AccountId"):
            ours = dict.fromkeys(("CreatedById", "LastModifiedById"), USER)
            lookups = {"AccountId": record["AccountId"], "ContactId": record["Id"]}
            self.add("AccountContactRelation", IsDirect="true", **lookups, **ours)
        record_id = record["Id"]
        assert record_id
        return record_id, created
