"""The two switches of an outage window in memory: the custom setting of an org, and Gentrack's events."""

import re
from collections.abc import Mapping
from typing import Any

from connector.errors import ConnectorError, RequestRefused
from connector.sync.switches import SETTING

USER = "005000000000001AAA"


class SettingTwin:
    """Rows of the hierarchy custom setting, one an owner. `told` is shared with other twins.

    `failure` is raised by every write; `deaf` writes are taken and forgotten.
    """

    def __init__(self, told: list[str]) -> None:
        self.told = told
        self.by_id: dict[str, dict[str, Any]] = {}
        self.failure: ConnectorError | None = None
        self.deaf = False
        self._made = 0

    def put(self, owner: str, *, bypass: bool) -> str:
        """A row as if it had always been there; returns its id."""
        self._made += 1
        record_id = f"a00{self._made:012}AAA"
        row = {"Id": record_id, "SetupOwnerId": owner, "Bypass_Triggers__c": bypass}
        self.by_id[record_id] = row
        return record_id

    def of(self, owner: str) -> bool | None:
        """What the owner's own row says; None: there is none."""
        found = [row["Bypass_Triggers__c"] for row in self.by_id.values() if row["SetupOwnerId"] == owner]
        return found[0] if found else None

    def rows(self, soql: str) -> list[dict[str, Any]]:
        asked = re.fullmatch(
            rf"SELECT Id, Bypass_Triggers__c FROM {SETTING} WHERE SetupOwnerId = '(\w+)'", soql
        )
        assert asked, soql
        return [row for row in self.by_id.values() if row["SetupOwnerId"] == asked[1]]

    def create(self, values: Mapping[str, Any]) -> str:
        if not self._write(f"setting {values['Bypass_Triggers__c']}"):
            return "lost"
        if self.of(values["SetupOwnerId"]) is not None:
            raise RequestRefused("duplicate value found", status=400, code="DUPLICATE_VALUE")
        return self.put(values["SetupOwnerId"], bypass=values["Bypass_Triggers__c"])

    def update(self, record_id: str, values: Mapping[str, Any]) -> None:
        if self._write(f"setting {values['Bypass_Triggers__c']}"):
            self.by_id[record_id].update(values)

    def delete(self, record_id: str) -> None:
        if self._write("setting gone"):
            self.by_id.pop(record_id, None)

    def _write(self, what: str) -> bool:
        if self.failure:
            raise self.failure
        self.told.append(what)
        return not self.deaf


class EventsTwin:
    """Fills the `EventPublishing` port."""

    def __init__(self, told: list[str], *, on: bool = True) -> None:
        self.told, self.on = told, on
        self.failure: ConnectorError | None = None
        self.deaf = False

    def is_on(self) -> bool:
        if self.failure:
            raise self.failure
        return self.on

    def switch(self, *, on: bool) -> None:
        if self.failure:
            raise self.failure
        self.told.append(f"events {'on' if on else 'off'}")
        if not self.deaf:
            self.on = on
