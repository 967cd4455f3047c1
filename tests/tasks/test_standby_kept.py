"""The thread that puts the standby off goes on, whatever somebody does to its runs meanwhile."""

import threading
from typing import cast

import httpx
import pytest
from prefect.exceptions import ObjectNotFound

from tasks import standby
from tasks.standby import Standby, keep


class Deleted:
    """A standby whose run somebody deletes in the UI while it is put off."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.asked = 0

    def put_off(self) -> None:
        self.asked += 1
        if self.asked == 1:
            raise ObjectNotFound(http_exc=httpx.HTTPError("404"))
        self.ended.set()


def test_a_standby_that_was_deleted_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standby, "PUT_OFF_EVERY", 0.0)
    deleted = Deleted()
    keep(cast("Standby", deleted), deleted.ended)
    assert deleted.asked == 2
