"""An order that was made a draft and stays after all is activated again, or says that it isn't."""

from typing import Any

import pyarrow as pa
import pytest

from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.undoing import Undoing
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.outcome import RowOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.sending import Sending
from connector.sync.staged_sql import Workspace
from connector.sync.undo.plan import line_up_undo
from connector.sync.undo.send import UndoSender
from connector.sync.undo.subject import Subject
from connector.sync.undo.verify import verify_undo
from tests.unit.sync.ledger_twin import LedgerTwin
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.setting_twin import USER
from tests.unit.sync.whole_undo import ENDED

ORDER, ITEM = entity("order"), entity("order_item")
NAMES = [field.api_name for field in ORDER.fields]


class Site:
    """Two orders of a run, activated, with an item each; the first one's item could not be deleted."""

    def __init__(self, run: Run, workspace: Workspace) -> None:
        self.undo = Run("undo-1", run.instance, "undo", ENDED)
        self.subject = Subject(self.undo, run, ENDED, (), (ORDER, ITEM), workspace)
        self.org = OrgTwin()
        self.ledger = LedgerTwin(self.org.told)
        for spec, prefix in ((ORDER, "801"), (ITEM, "802")):
            self.org.learn(spec, prefix)
        by = {"CreatedById": USER, "LastModifiedById": USER}
        self.ids = [
            self.org.add("Order", Status="Activated", **{EXTERNAL_ID: key}, **by) for key in ("O1", "O2")
        ]
        self.sender = UndoSender(
            self.undo, ORDER, self.org, self.ledger, workspace.staging, Sending(0, lambda seconds: None)
        )
        self._stage()

    def _stage(self) -> None:
        none = dict.fromkeys(named.VERDICT)
        lookups = [parent.field for parent in (*ORDER.later_parents, *ORDER.fillable_parents)]
        cells = dict.fromkeys(named.target(name) for name in (*NAMES, EXTERNAL_ID, *lookups))
        orders = [
            {"row": row, "batch": 0, "key": f"O{row + 1}", "salesforce_id": record_id}
            | {"operation": Undoing.DELETE.value, **none, "outcome": RowOutcome.UPDATED.value}
            | {**cells, "t.Status": "Draft"}
            for row, record_id in enumerate(self.ids)
        ]
        self._write(folders.plan, "order", orders)
        self._write(folders.prepared, "order", [{"row": row, "now.Status": "Activated"} for row in (0, 1)])
        items = [
            {"row": row, "key": f"O{row + 1}:1", "salesforce_id": f"I{row}", "operation": "delete"}
            for row in (0, 1)
        ]
        self._write(folders.plan, "order_item", items)
        self._write(
            folders.salesforce,
            "order_item",
            [
                {"key": f"O{row + 1}:1", "salesforce_id": f"I{row}", "parent_id.OrderId": order}
                for row, order in enumerate(self.ids)
            ],
        )
        kept = {"row": 0, "outcome": "rejected", "reason": "It is in use."}
        self._write(folders.result, "order_item", [kept, {"row": 1, "outcome": "updated"}])

    def _write(self, folder: Any, name: str, rows: list[dict[str, Any]]) -> None:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        kinds = {"row": pa.int64(), "batch": pa.int64()}
        schema = pa.schema([(column, kinds.get(column, pa.string())) for column in columns])
        table = pa.Table.from_pylist(rows, schema)
        self.subject.workspace.staging.write(name, 0, folder(self.undo, name), table)

    def send(self) -> dict[str, dict[str, Any]]:
        """Reopen, line up and send; what became of each row."""
        staging = self.subject.workspace.staging
        for batch in staging.parts(folders.plan(self.undo, "order")):
            self.sender.reopen(batch)
        assert {order["Status"] for order in self.org.records["Order"].values()} == {"Draft"}
        for batch in line_up_undo(self.subject, ORDER):
            self.sender.send(batch)
        (part,) = staging.parts(folders.result(self.undo, "order"))
        return {row["key"]: row for row in staging.read(part.path).to_pylist()}


@pytest.fixture
def site(run: Run, workspace: Workspace) -> Site:
    return Site(run, workspace)


def test_orders_are_reopened_for_their_items_and_nothing_else_is() -> None:
    specs = [entity(name) for name in ("pricebook_entry", "contract", "order", "order_item")]
    reopened = [(spec.name, child.name) for spec in specs for child in specs if spec.is_reopened_for(child)]
    assert reopened == [("order", "order_item")]


def test_an_order_that_stays_is_activated_again(site: Site) -> None:
    found = site.send()
    assert [order["Status"] for order in site.org.records["Order"].values()] == ["Activated"]
    assert (found["O1"]["outcome"], found["O1"]["code"]) == ("held", "CHILD_LEFT")
    assert (found["O2"]["outcome"], found["O2"]["code"]) == ("updated", None)
    assert verify_undo(site.subject, ORDER, site.org).agrees


def test_an_order_that_can_not_be_activated_again_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = site.org.create_job

    def refusing(request: Any) -> str:
        if request.purpose == "finish":
            site.org.refused[site.ids[0]] = "FAILED_ACTIVATION:An order needs a product:Status --"
        return real(request)

    monkeypatch.setattr(site.org, "create_job", refusing)
    found = site.send()["O1"]
    assert (found["outcome"], found["code"]) == ("held", "DRAFT_LEFT")
    assert "It is in use." in found["reason"]
    assert "An order needs a product" in found["reason"]
    assert site.org.records["Order"][site.ids[0]]["Status"] == "Draft"


def test_an_activation_that_did_not_hold_shows_in_verify(site: Site) -> None:
    site.send()
    site.org.records["Order"][site.ids[0]]["Status"] = "Draft"
    assert verify_undo(site.subject, ORDER, site.org).differing == 1
