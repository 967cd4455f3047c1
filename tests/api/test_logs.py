"""No secret and no value of a record in any log, whatever goes wrong: this looks, and so does the session."""

import base64
import logging
from datetime import timedelta
from functools import partial

import pytest

from connector.api.instances import Instances
from tests.api.logs import Logs, is_secret
from tests.api.service import INSTANCE, Service, problem, until
from tests.api.test_sync_jobs import asked, finished, post
from tests.api.twins import SECRET_VALUE, UPDATED


def test_what_goes_wrong_is_logged_without_what_it_says(
    service: Service, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.sync.on_demand.carry_out._FIRST", timedelta(milliseconds=1))
    signed = service.add_app()
    caller = service.bearer(signed)
    service.records.results["00000101"] = UPDATED
    service.records.failures.append(RuntimeError(SECRET_VALUE))
    finished(service, caller, post(service, caller))
    mistaken = base64.b64encode(f"{signed.secret}:{signed.app.id}".encode()).decode()
    for header in (f"Basic {mistaken}", f"Basic {signed.secret}", f"Bearer {signed.secret}"):
        service.http.post("/v1/token", headers={"Authorization": header})
        service.http.get(f"/v1/salesforce/instances/{INSTANCE}/entities", headers={"Authorization": header})
    post(service, caller, asked() | {"note": SECRET_VALUE})
    service.http.post(
        f"/v1/events/gentrack/{INSTANCE}",
        content=f'{{"data": "{SECRET_VALUE}"}}',
        headers={"X-Payload-Signature": f"t=1,v={mistaken}"},
    )
    is_secret(mistaken)

    def broken(self: Instances, instance: str) -> None:
        raise RuntimeError(SECRET_VALUE)

    monkeypatch.setattr(Instances, "connection", broken)
    answer = post(service, caller)
    assert problem(answer) == (500, "UNFORESEEN")
    assert SECRET_VALUE not in answer.text
    for told in ("Sync jobs ended by RuntimeError", "A request ended by RuntimeError"):
        until(partial(logs.told, told))
    assert logs.leaked() == []
    logging.getLogger("tests").error("It is %s", SECRET_VALUE)
    assert logs.leaked() == [logs.lines.pop()]
