"""The poll against the sandbox's org: what changed, was deleted or merged, page by page, echoes left out."""

from datetime import UTC, datetime, timedelta

import requests

from connector.clients.salesforce.org import Org
from connector.entities import entity, registry
from connector.mapping import columns as named
from connector.model.poll_position import PollPosition
from connector.model.saved import Save, SaveAs
from connector.sync.ongoing.salesforce.poll import Polled, SalesforcePoll
from connector.sync.ongoing.salesforce.side import SalesforceSide
from deployments.sandbox_process import Sandbox
from tests.unit.sync.ongoing.told_agreements import ToldAgreements, agreed_as_they_stand

KEY = "Gentrack_External_Id__c"
ACCOUNT = entity("account")


def upserted(org: Org, prefix: str, count: int) -> list[str]:
    records = [{KEY: f"{prefix}-{number}", "Name": "Aroha"} for number in range(count)]
    (saved,) = org.save([Save("Account", SaveAs.UPSERT, records, KEY)])
    return [str(one.record_id) for one in saved]


def since(org: Org, seconds: int = 120) -> dict[str, str]:
    now = org.now()
    assert now is not None
    return {ACCOUNT.name: PollPosition.at(now - timedelta(seconds=seconds)).value}


def heard(polled: Polled) -> set[str]:
    return {one.record_id for one in polled.notices if one.kind == "Account"}


def test_what_stands_as_agreed_is_an_echo_and_what_was_edited_or_deleted_is_heard(org: Org) -> None:
    ids = upserted(org, "poll", 3)
    agreed = agreed_as_they_stand(ACCOUNT, SalesforceSide(org).records(ACCOUNT, ids=ids))
    poll = SalesforcePoll("61668309", org, ToldAgreements(agreed), page=10_000)
    polled = poll.turn([ACCOUNT], since(org), datetime.now(UTC))
    assert not heard(polled) & set(ids)
    org.update_record("Account", ids[0], {"Phone": "555"})
    org.save([Save("Account", SaveAs.DELETE, [{"Id": ids[1]}])])
    again = poll.turn([ACCOUNT], polled.cursors, datetime.now(UTC))
    assert heard(again) & set(ids) == set(ids[:2])


def test_the_loser_of_a_merge_is_heard_of_and_names_its_winner(org: Org, contract_sandbox: Sandbox) -> None:
    winner, loser = upserted(org, "poll-merge", 2)
    agreed = agreed_as_they_stand(ACCOUNT, SalesforceSide(org).records(ACCOUNT, ids=[winner, loser]))
    given = contract_sandbox.salesforce
    merge = {"object": "Account", "winner": winner, "ids": [loser]}
    answer = requests.post(
        f"{given.tls_url}/sandbox/merge", json=merge, verify=str(given.ca_file), timeout=10
    )
    assert answer.status_code == 204
    poll = SalesforcePoll("61668309", org, ToldAgreements(agreed), page=10_000)
    assert loser in heard(poll.turn([ACCOUNT], since(org), datetime.now(UTC)))
    (row,) = SalesforceSide(org).records(ACCOUNT, ids=[loser]).to_dict("records")
    assert (row[named.DELETED], row[named.MERGED_INTO]) == (True, winner)
    assert row[named.MERGED_KEY] == "poll-merge-0"


def test_a_backlog_comes_page_by_page_each_record_once(org: Org) -> None:
    cursors = since(org, 0)
    ids = upserted(org, "poll-many", 200) + upserted(org, "poll-more", 200)
    poll = SalesforcePoll("61668309", org, ToldAgreements(), page=90)
    told: list[str] = []
    turns = 0
    while True:
        polled = poll.turn([ACCOUNT], cursors, datetime.now(UTC))
        told += [one.record_id for one in polled.notices]
        cursors = dict(polled.cursors)
        turns += 1
        if not polled.more:
            break
    assert set(ids) <= set(told)
    assert len(told) == len(set(told))
    assert turns >= 5


def test_all_entities_are_polled_at_once_and_again_from_their_cursors(org: Org) -> None:
    poll = SalesforcePoll("61668309", org, ToldAgreements(), in_scope={"account"})
    first = poll.turn(registry(), {}, datetime.now(UTC))
    assert set(first.cursors) == {spec.name for spec in registry()}
    again = poll.turn(registry(), first.cursors, datetime.now(UTC))
    assert set(again.cursors) == set(first.cursors)
