"""`connector review`: what a person decides on records that may be the same."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from connector.bootstrap import Connection, connect
from connector.errors import FileInvalid
from connector.model.change import Notice, NoticeSource, Side
from connector.model.link import DECISIONS, Decision, LinkState, Proposal
from connector.settings import load_settings
from connector.store.inbox import SqlInbox
from connector.store.reviews import SqlReviews
from connector.sync.review_file import read_review, write_review
from deployments.command_line.services import ledger_alone

_SHOWN = 50
_SOME_REFUSED = 3


@contextmanager
def _reviews(instance: str) -> Iterator[tuple[Connection, SqlReviews, SqlInbox]]:
    settings = load_settings()
    at = connect(instance, settings)
    with ledger_alone(settings, Console(stderr=True)) as ledger:
        yield at, ledger.reviews, ledger.inbox


def list_proposals(
    instance: str, entity: str | None, *, decided: bool, as_json: bool, linked: bool = False
) -> int:
    """Show what is open, what was decided, or what rules have linked. Raises ConnectorError."""
    states = (LinkState.LINKED,) if linked else DECISIONS if decided else (LinkState.PROPOSED,)
    with _reviews(instance) as (_, reviews, _):
        found = reviews.proposals(instance, entity=entity, states=states)
    if as_json:
        _write([_as_dict(proposal) for proposal in found])
        return 0
    console = Console(highlight=False)
    if not found:
        console.print("Nothing was decided yet." if decided else "Nothing waits for a decision.")
        return 0
    columns = [
        "entity",
        "external id",
        "salesforce id",
        "rule",
        *(["decision", "by", "note"] if decided else []),
    ]
    table = Table(*columns, box=None, pad_edge=False)
    for proposal in found[:_SHOWN]:
        said = [proposal.state.value, proposal.decided_by or "", proposal.note] if decided else []
        table.add_row(proposal.entity, proposal.external_id, proposal.salesforce_id, proposal.rule, *said)
    console.print(table, soft_wrap=True)
    if len(found) > _SHOWN:
        console.print(f"... and {len(found) - _SHOWN:,} more: connector review export has them all.")
    return 0


def export(instance: str, target: Path, *, as_json: bool, linked: bool = False) -> int:
    """Write what is open, or what rules linked, with both records side by side. Raises ConnectorError."""
    states = (LinkState.LINKED,) if linked else (LinkState.PROPOSED,)
    with _reviews(instance) as (at, reviews, _):
        number = write_review(reviews.proposals(instance, states=states), at.staging, target)
    if as_json:
        _write({"file": str(target) if number else None, "proposals": number})
    elif not number:
        Console().print("Nothing waits for a decision, so nothing was written.")
    else:
        Console(highlight=False).print(
            f"{number:,} proposals are in {target}: write accept or reject into the column decision, then"
            f" connector review import --instance {instance} {target}",
            soft_wrap=True,
        )
    return 0


def import_decisions(instance: str, file: Path, by: str, *, as_json: bool) -> int:
    """Take a filled-in file: good lines are kept, bad ones told by their row. Raises ConnectorError."""
    with _reviews(instance) as (at, reviews, inbox):
        lines = list(read_review(file, reviews.proposals(instance, states=LinkState)))
        chosen = [line for line in lines if line.decision is not None]
        decisions = [line.decision for line in chosen if line.decision]
        answers = reviews.decide_all(instance, decisions, by=by)
        _notice(
            at,
            reviews,
            inbox,
            [one for one, answer in zip(decisions, answers, strict=True) if answer is None],
        )
    refused = {line.row: line.refusal for line in lines if line.refusal}
    refused |= {line.row: answer for line, answer in zip(chosen, answers, strict=True) if answer}
    told = {
        "taken": answers.count(None),
        "left_open": len(lines) - len(chosen) - sum(1 for line in lines if line.refusal),
        "refused": [{"row": row, "reason": reason} for row, reason in sorted(refused.items())],
    }
    if as_json:
        _write(told)
    else:
        console = Console(highlight=False)
        for row, reason in sorted(refused.items()):
            console.print(f"row {row}: {reason}", markup=False, soft_wrap=True)
        console.print(
            f"{told['taken']:,} decisions taken, {told['left_open']:,} left open, {len(refused):,} refused."
            " The next run goes on with them."
        )
    return _SOME_REFUSED if refused else 0


def decide(instance: str, asked: Decision, by: str, *, as_json: bool) -> int:
    """Decide one proposal; without a Salesforce id it must be the only one, or all are rejected.

    Raises FileInvalid or another ConnectorError.
    """
    with _reviews(instance) as (at, reviews, inbox):
        known = reviews.proposals(instance, entity=asked.entity, states=LinkState)
        pairs = _meant(asked, [p for p in known if p.external_id == asked.external_id])
        for pair in pairs:
            chosen = Decision(pair.entity, pair.external_id, pair.salesforce_id, asked.state, asked.note)
            refusal = reviews.decide(instance, chosen, by=by)
            if refusal is not None:
                raise FileInvalid(f"{pair.external_id} and {pair.salesforce_id}: {refusal}")
        _notice(at, reviews, inbox, pairs)
    if as_json:
        _write([{**_as_dict(pair), "state": asked.state.value} for pair in pairs])
    else:
        for pair in pairs:
            Console(highlight=False).print(
                f"{pair.entity} {pair.external_id} and {pair.salesforce_id}: {asked.state.value}."
            )
    return 0


def _notice(
    at: Connection, reviews: SqlReviews, inbox: SqlInbox, decided: Iterable[Decision | Proposal]
) -> None:
    """Let ongoing synchronisation look at what was decided, and at what that settled beside it.

    An initial run finds it by itself.
    """
    objects = {spec.name: spec.salesforce_object for spec in at.entities}
    ids: dict[tuple[str, str], None] = {}
    for entity, some in groupby(sorted(decided, key=_entity), key=_entity):
        pairs = list(some)
        keys, own = [one.external_id for one in pairs], [one.salesforce_id for one in pairs]
        found = reviews.about(at.instance.id, entity, keys=keys, ids=own)
        ids |= {(entity, one.salesforce_id): None for one in found}
    notices = [Notice(Side.SALESFORCE, objects[entity], one) for entity, one in ids]
    inbox.put(at.instance.id, notices, NoticeSource.API)


def _entity(one: Decision | Proposal) -> str:
    return one.entity


def _meant(asked: Decision, known: list[Proposal]) -> list[Proposal]:
    if asked.salesforce_id:
        named = [p for p in known if p.salesforce_id[:15] == asked.salesforce_id[:15]]
    else:
        named = [p for p in known if p.state is LinkState.PROPOSED]
        if len(named) > 1 and asked.state is LinkState.ACCEPTED:
            raise FileInvalid(
                f"{asked.external_id} has {len(named)} open proposals.",
                todo=f"Name one by --salesforce-id: {', '.join(p.salesforce_id for p in named)}.",
            )
    if not named:
        raise FileInvalid(
            f"There is no such proposal for {asked.entity} {asked.external_id}.",
            todo="See connector review list.",
        )
    return named


def _as_dict(proposal: Proposal) -> dict[str, Any]:
    moment = proposal.decided_at
    return asdict(proposal) | {"decided_at": moment.isoformat() if moment else None}


def _write(told: object) -> None:
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
