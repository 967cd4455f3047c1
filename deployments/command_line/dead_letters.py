"""`connector dead-letters`: what ongoing synchronisation gave up, and what a person decides about it."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from connector.bootstrap import Connection, connect
from connector.model.change import DeadLetter, Side
from connector.settings import load_settings
from connector.store.ledger import SqlLedger
from deployments.command_line.services import ledger_alone

_SHOWN = 50


@dataclass(frozen=True)
class Chosen:
    """Which dead letters are meant: by name, by code, or all."""

    names: tuple[str, ...]
    code: str | None
    every: bool

    def among(self, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
        """Those of them. Raises BadParameter where nothing is said, or a name has no dead letter."""
        if not (self.names or self.code or self.every):
            raise typer.BadParameter("Name records, or give --code or --all.")
        unknown = sorted(set(self.names) - {_name(letter) for letter in letters})
        if unknown:
            raise typer.BadParameter(f"There is no dead letter of {', '.join(unknown)}.")
        return [
            letter
            for letter in letters
            if self.every or _name(letter) in self.names or letter.reason.code == self.code
        ]


@contextmanager
def _ledger(instance: str) -> Iterator[tuple[Connection, SqlLedger]]:
    settings = load_settings()
    at = connect(instance, settings)
    with ledger_alone(settings, Console(stderr=True)) as ledger:
        yield at, ledger


def list_letters(instance: str, code: str | None, *, as_json: bool) -> int:
    """List them, or those with a code. Raises ConnectorError."""
    with _ledger(instance) as (_, ledger):
        every = ledger.dead_letters.all(instance)
    letters = [letter for letter in every if code in {None, letter.reason.code}]
    if as_json:
        _write([_as_dict(letter) for letter in letters])
        return 0
    console = Console(highlight=False)
    if not letters:
        console.print("No dead letter.")
        return 0
    table = Table("record", "code", "reason", "since (UTC)", "attempts", box=None, pad_edge=False)
    for letter in letters[:_SHOWN]:
        reason, since = letter.reason, f"{letter.since:%Y-%m-%d %H:%M}"
        table.add_row(_name(letter), reason.code, reason.told, since, str(letter.attempts))
    console.print(table, soft_wrap=True)
    if len(letters) > _SHOWN:
        console.print(f"... and {len(letters) - _SHOWN:,} more: --json has them all.")
    return 0


def show(instance: str, name: str, *, as_json: bool) -> int:
    """Show one, with the records that it is about. Raises ConnectorError, BadParameter."""
    with _ledger(instance) as (at, ledger):
        (letter,) = Chosen((name,), None, every=False).among(ledger.dead_letters.all(instance))
        pairs = list(_pairs(at, ledger, letter))
    told = _as_dict(letter) | {"pairs": pairs}
    if as_json:
        _write(told)
        return 0
    table = Table(show_header=False, box=None, pad_edge=False)
    for row in ("record", "code", "reason", "todo", "since", "attempts"):
        table.add_row(row, str(told[row]))
    for pair in pairs:
        where = f"Salesforce {pair['salesforce_id']}, {pair['standing']}"
        table.add_row(f"{pair['entity']} {pair['key']}", where)
    Console(highlight=False).print(table, soft_wrap=True)
    return 0


def retry(instance: str, chosen: Chosen, by: str, *, as_json: bool) -> int:
    """Let them be tried again; 1 where there was none. Raises ConnectorError, BadParameter."""
    with _ledger(instance) as (_, ledger):
        letters = chosen.among(ledger.dead_letters.all(instance))
        number = ledger.dead_letters.retry(instance, [one.notice for one in letters], by=by)
    return _told(number, "retried", "tried again at once where a run lives", as_json=as_json)


def drop(instance: str, chosen: Chosen, by: str, *, as_json: bool) -> int:
    """Forget them; 1 where there was none. Raises ConnectorError, BadParameter."""
    with _ledger(instance) as (_, ledger):
        letters = chosen.among(ledger.dead_letters.all(instance))
        number = ledger.dead_letters.drop(instance, [one.notice for one in letters], by=by)
    return _told(number, "dropped", "dropped, with the changes that waited behind them", as_json=as_json)


def _told(number: int, what: str, words: str, *, as_json: bool) -> int:
    if as_json:
        _write({what: number})
    else:
        Console(highlight=False).print(f"{number:,} dead letters are {words}.")
    return 0 if number else 1


def _pairs(at: Connection, ledger: SqlLedger, letter: DeadLetter) -> Iterator[dict[str, Any]]:
    """The pairs in the ledger of which the record is a part."""
    notice, agreements = letter.notice, ledger.agreements
    for spec in at.entities:
        if notice.side is Side.SALESFORCE and spec.salesforce_object == notice.kind:
            found = agreements.of_salesforce_ids(at.instance.id, spec.name, [notice.record_id])
        elif notice.side is Side.GENTRACK and spec.source.resources[0].name == notice.kind:
            found = agreements.of_gentrack_ids(at.instance.id, spec.name, [int(notice.record_id)])
        else:
            continue
        for pair in found:
            yield {
                "entity": spec.name,
                "key": pair.key,
                "salesforce_id": pair.salesforce_id,
                "gentrack_id": pair.gentrack_id,
                "standing": pair.standing,
            }


def _name(letter: DeadLetter) -> str:
    return f"{letter.notice.kind}:{letter.notice.record_id}"


def _as_dict(letter: DeadLetter) -> dict[str, Any]:
    return {
        "record": _name(letter),
        "side": letter.notice.side.value,
        "code": letter.reason.code,
        "reason": letter.reason.told,
        "todo": letter.reason.todo,
        "since": letter.since.isoformat(),
        "attempts": letter.attempts,
    }


def _write(told: Any) -> None:
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
