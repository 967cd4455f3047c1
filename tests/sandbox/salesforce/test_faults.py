"""Things that go wrong when told to, and the switches of a running org."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.salesforce.faults import Fault
from sandbox.salesforce.org import Org, OrgOptions
from sandbox.salesforce.web.application import Application
from sandbox.serving import running
from tests.sandbox.salesforce.org_client import DATA, OrgClient, start, stop

EXT = "Gentrack_External_Id__c"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgClient]:
    started = start(tmp_path_factory.mktemp("faulty"), "--seed", "7")
    client = OrgClient(started.announced)
    yield client
    client.http.close()
    stop(started)


@pytest.fixture
def org(faulty: OrgClient) -> Iterator[OrgClient]:
    yield faulty
    faulty.http.delete("/sandbox/faults")
    standard: dict[str, object] = {
        "latency": None,
        "lock_contention": False,
        "limits": {},
        "clock_skew_seconds": 0,
        "commit_delay_seconds": 0,
    }
    faulty.http.patch("/sandbox/settings", json=standard)


CUT_OFF = (httpx.RemoteProtocolError, httpx.ReadError)
"""A connection that ends without an answer: by an end, or by a reset where the request was not read yet."""


def script(org: OrgClient, **fault: object) -> None:
    response = org.http.post("/sandbox/faults", json=fault)
    assert response.status_code == 201, response.text


def set_up(org: OrgClient, **changes: object) -> None:
    response = org.http.patch("/sandbox/settings", json=changes)
    assert response.status_code == 200, response.text


def test_a_status_strikes_as_often_as_scripted(org: OrgClient) -> None:
    script(org, kind="status", path="/limits", skip=1, times=2)

    statuses = [org.http.get(f"{DATA}/limits").status_code for _ in range(4)]

    assert statuses == [200, 503, 503, 200]
    assert org.http.get("/sandbox/faults").json()[0]["struck"] == 2


def test_a_slow_answer_and_too_many_requests(org: OrgClient) -> None:
    script(org, kind="slow", path="/limits", seconds=0.5)
    script(org, kind="status", path="/sobjects$", status=429, code="TOO_MANY_REQUESTS", message="Slow down.")

    with pytest.raises(httpx.ReadTimeout):
        org.http.get(f"{DATA}/limits", timeout=0.2)
    refused = org.http.get(f"{DATA}/sobjects")

    assert org.http.get(f"{DATA}/limits").status_code == 200
    assert (refused.status_code, refused.json()) == (
        429,
        [{"errorCode": "TOO_MANY_REQUESTS", "message": "Slow down."}],
    )


def test_chance_is_repeatable_by_seed_from_python_and_over_http(tmp_path: Path) -> None:
    chance = {"kind": "status", "path": "/limits", "times": None, "probability": 0.5}

    def struck(seed: int, *, over_http: bool) -> list[int]:
        org = Org(OrgOptions(tmp_path / f"{seed}{over_http}", seed=seed))
        with running(Application(org)) as address, httpx.Client(base_url=address) as client:
            if over_http:
                assert client.post("/sandbox/faults", json=chance).status_code == 201
            else:
                org.faults.add(Fault.model_validate(chance))
            found = [client.get(f"{DATA}/limits").status_code for _ in range(30)]
        org.close()
        return found

    first = struck(7, over_http=True)

    assert set(first) == {401, 503}
    assert struck(7, over_http=False) == first
    assert struck(8, over_http=False) != first


def test_a_dropped_connection(org: OrgClient) -> None:
    script(org, kind="drop", method="POST", path="/sobjects/Account")

    with pytest.raises(CUT_OFF):
        org.http.post(f"{DATA}/sobjects/Account", json={"Name": "dropped"})

    assert org.query("SELECT Id FROM Account WHERE Name = 'dropped'") == []


def test_an_answer_lost_after_the_commit(org: OrgClient) -> None:
    script(org, kind="lose-answer", method="POST", path="/sobjects/Account")

    with pytest.raises(CUT_OFF):
        org.http.post(f"{DATA}/sobjects/Account", json={"Name": "committed"})

    assert len(org.query("SELECT Id FROM Account WHERE Name = 'committed'")) == 1


def test_a_session_that_ends_in_the_middle(org: OrgClient) -> None:
    script(org, kind="expire-session", path="/limits")

    assert org.http.get(f"{DATA}/limits").status_code == 401
    org.http.headers["Authorization"] = f"Bearer {org.sign_in()}"
    assert org.http.get(f"{DATA}/limits").status_code == 200


def test_a_job_that_fails_half_way_hands_the_rest_back(org: OrgClient, mark: str) -> None:
    message = "InternalServerError : Retry limit reached"
    script(org, kind="fail-job", object="Account", skip=1, message=message)

    loaded = org.load("Account", f"{EXT},Name\n" + "".join(f"{mark}{n:05d},A\n" for n in range(10_500)))

    assert (loaded.info["state"], loaded.info["errorMessage"]) == ("Failed", message)
    assert loaded.info["numberRecordsProcessed"] == len(loaded.succeeded) == 10_000
    assert len(loaded.rows("unprocessedrecords")) == 500


def test_row_locks_at_a_rate(org: OrgClient, mark: str) -> None:
    script(org, kind="row-lock", object="Account", probability=0.1)

    loaded = org.load("Account", f"{EXT},Name\n" + "".join(f"{mark}{n},A\n" for n in range(1000)))

    assert 50 < len(loaded.failed) < 150
    assert {error.partition(":")[0] for error in loaded.errors} == {"UNABLE_TO_LOCK_ROW"}
    assert len(loaded.succeeded) == 1000 - len(loaded.failed)


def test_row_locks_of_one_user_in_a_collection(org: OrgClient, mark: str) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": "A", EXT: f"{mark}{n}"} for n in range(100)]
    address = f"{DATA}/composite/sobjects"
    script(org, kind="row-lock", object="Account", user=org.announced["administrator"], times=None)
    assert all(each["success"] for each in org.http.post(address, json={"records": records}).json())
    script(org, kind="row-lock", object="Account", user=org.announced["username"], probability=0.5)

    saved = org.http.post(address, json={"records": [each | {EXT: f"{each[EXT]}b"} for each in records]})

    refused = [each["errors"][0]["statusCode"] for each in saved.json() if not each["success"]]
    assert 20 < len(refused) < 80
    assert set(refused) == {"UNABLE_TO_LOCK_ROW"}
    soql = f"SELECT Id FROM Account WHERE {EXT} LIKE '{mark}%b'"
    assert len(org.query(soql)) == 100 - len(refused)


def test_a_status_for_one_user_leaves_others_alone(org: OrgClient) -> None:
    script(org, kind="status", path="/limits", user=org.announced["administrator"])
    assert org.http.get(f"{DATA}/limits").status_code == 200
    script(org, kind="status", path="/limits", user=org.announced["username"])
    assert org.http.get(f"{DATA}/limits").status_code == 503


def test_jobs_side_by_side_lock_the_same_parent(org: OrgClient, mark: str) -> None:
    org.load("Account", f"{EXT},Name\n{mark},A\n")
    set_up(org, lock_contention=True, latency={"rows_per_second": 200})
    header = f"{EXT},LastName,Account.{EXT}\n"
    jobs = [org.open_job("Contact") for _ in range(2)]
    for place, job in enumerate(jobs):
        rows = "".join(f"{mark}{place}{n},B,{mark}\n" for n in range(60))
        path = f"{DATA}/jobs/ingest/{job}"
        org.http.put(f"{path}/batches", content=header + rows, headers={"Content-Type": "text/csv"})
        org.http.patch(path, json={"state": "UploadComplete"})

    failures = sorted(org.wait(f"{DATA}/jobs/ingest/{job}")["numberRecordsFailed"] for job in jobs)

    assert failures == [0, 60]


def test_more_than_a_hundred_locked_rows_are_put_back_in_the_queue(org: OrgClient, mark: str) -> None:
    org.load("Account", f"{EXT},Name\n{mark},A\n")
    set_up(org, lock_contention=True, latency={"rows_per_second": 500})
    header = f"{EXT},LastName,Account.{EXT}\n"
    jobs = [org.open_job("Contact") for _ in range(2)]
    for place, job in enumerate(jobs):
        rows = "".join(f"{mark}{place}{n},B,{mark}\n" for n in range(150))
        path = f"{DATA}/jobs/ingest/{job}"
        org.http.put(f"{path}/batches", content=header + rows, headers={"Content-Type": "text/csv"})
        org.http.patch(path, json={"state": "UploadComplete"})

    ended = [org.wait(f"{DATA}/jobs/ingest/{job}") for job in jobs]

    assert sorted(each["numberRecordsFailed"] for each in ended) == [0, 100]
    assert max(each["retries"] for each in ended) > 0


def test_the_latency_model_holds_the_ceiling(org: OrgClient, mark: str) -> None:
    set_up(org, latency={"queue_seconds": 0.1})
    began = time.monotonic()
    jobs = [org.open_job("Account") for _ in range(2)]
    for place, job in enumerate(jobs):
        rows = "".join(f"{mark}{place}{n},A\n" for n in range(2_750))
        path = f"{DATA}/jobs/ingest/{job}"
        headers = {"Content-Type": "text/csv"}
        org.http.put(f"{path}/batches", content=f"{EXT},Name\n{rows}", headers=headers)
        org.http.patch(path, json={"state": "UploadComplete"})

    for job in jobs:
        assert org.wait(f"{DATA}/jobs/ingest/{job}")["numberRecordsProcessed"] == 2_750
    assert time.monotonic() - began >= 1, "5,500 rows of two jobs take a second at the least"


def test_used_up_limits(org: OrgClient) -> None:
    used, most = (
        org.http.get(f"{DATA}/limits").headers["Sforce-Limit-Info"].removeprefix("api-usage=").split("/")
    )
    assert int(most) == 100_000
    set_up(org, limits={"DailyApiRequests": int(used) + 2})

    statuses = [org.http.get(f"{DATA}/limits").status_code for _ in range(3)]
    refused = org.http.get(f"{DATA}/limits")

    assert statuses == [200, 200, 403]
    assert refused.headers["Sforce-Limit-Info"] == f"api-usage={int(used) + 2}/{int(used) + 2}"
    assert refused.status_code == 403
    assert refused.json() == [
        {"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}
    ]


def test_a_token_ends_after_two_hours_without_use(org: OrgClient) -> None:
    assert org.http.get(f"{DATA}/limits").status_code == 200
    set_up(org, clock_skew_seconds=7_100)
    assert org.http.get(f"{DATA}/limits").status_code == 200
    set_up(org, clock_skew_seconds=7_100 + 7_300)
    assert org.http.get(f"{DATA}/limits").status_code == 401
    org.http.headers["Authorization"] = f"Bearer {org.sign_in()}"
    assert org.http.get(f"{DATA}/limits").status_code == 200


def test_a_clock_apart(org: OrgClient) -> None:
    set_up(org, clock_skew_seconds=3600)
    ahead = org.get("Account", org.create("Account", Name="A"))["CreatedDate"]
    set_up(org, clock_skew_seconds=0)
    now = org.get("Account", org.create("Account", Name="A"))["CreatedDate"]

    assert ahead > now


def test_rows_that_show_later_than_their_stamp(org: OrgClient, mark: str) -> None:
    from datetime import UTC, datetime, timedelta

    set_up(org, commit_delay_seconds=1.5)
    job = org.open_job("Account")
    path = f"{DATA}/jobs/ingest/{job}"
    rows = f"{EXT},Name\n{mark},A\n"
    org.http.put(f"{path}/batches", content=rows, headers={"Content-Type": "text/csv"})
    org.http.patch(path, json={"state": "UploadComplete"})
    while org.http.get(path).json()["state"] == "UploadComplete":
        pass
    now = datetime.now(UTC)
    span = {
        "start": (now - timedelta(minutes=3)).isoformat(),
        "end": (now + timedelta(minutes=1)).isoformat(),
    }
    soql = f"SELECT SystemModstamp FROM Account WHERE {EXT} = '{mark}'"

    assert org.query(soql) == []
    covered = org.http.get(f"{DATA}/sobjects/Account/updated/", params=span).json()["latestDateCovered"]
    org.wait(path)
    (record,) = org.query(soql)
    assert covered <= record["SystemModstamp"][:19] + ".999+0000"


def test_unknown_switches_are_refused(org: OrgClient, tmp_path: Path) -> None:
    assert org.http.patch("/sandbox/settings", json={"speed": 1}).status_code == 400
    assert org.http.post("/sandbox/faults", json={"kind": "fire"}).status_code == 400
