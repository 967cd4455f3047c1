"""`connector erase`: one person goes from all that the connector keeps; the two systems are not touched."""

import getpass
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from connector.bootstrap import Connection
from connector.errors import InstanceInUse, SettingsInvalid
from connector.model.audit import AuditAction
from connector.model.change import Notice
from connector.settings import load_settings
from connector.store.ledger import SqlLedger
from connector.sync.erase.noticed import notices_of
from connector.sync.erase.person import Erased, Person
from connector.sync.erase.published import PublishedFiles
from connector.sync.erase.reports import erase_reports
from connector.sync.erase.staged import erase_staged, identified
from connector.sync.ongoing.salesforce.side import SalesforceSide
from deployments.command_line.services import ledger_alone
from tasks.connection import connection

PERSONS = ("contact", "account")
"""Entities whose records may be persons: customers, and accounts of sole traders."""
_MAY_LIVE = timedelta(days=1)
"""A run without an end that began longer ago is not under way, but was killed."""


def erase(instance: str, entity: str, key: str, *, as_json: bool) -> int:
    """Erase a person and say what went where.

    Raises InstanceInUse while a run is under way, or one of the person's records is being synchronised.
    """
    if entity not in PERSONS:
        raise SettingsInvalid(f"{entity!r} holds no persons.", todo=f"Name one of {', '.join(PERSONS)}.")
    with ledger_alone(load_settings(), Console(stderr=True)) as ledger:
        at = connection(instance)
        _check_idle(instance, ledger)
        spec = next(spec for spec in at.entities if spec.name == entity)
        runs = [run.id for run in ledger.history.runs(instance)]
        person = identified(Person(spec, at.entities, key.lower()), runs, at.staging)
        with _alone_with(person, instance, ledger):
            removed = list(_erased(at, ledger, person, runs))
        by_place = _counted(removed)
        detail = {"entity": entity, "key": key, "places": len(by_place)}
        ledger.audit.keep(instance, getpass.getuser(), AuditAction.ERASED, detail=detail)
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in by_place], indent=2) + "\n")
        return 0
    console = Console(highlight=False, soft_wrap=True)
    for one in by_place:
        console.print(f"{one.where}: {f'{one.rows:,} ' if one.rows else ''}{one.what}", markup=False)
    if not by_place:
        console.print(f"Nothing was kept of {entity} {key}: check the number.", markup=False)
        return 0
    console.print(
        f"{entity} {key} is erased from {len(by_place)} places. Gentrack, the records in Salesforce, and"
        " Salesforce's recycle bin are for their owners to clear.",
        markup=False,
    )
    return 0


def _check_idle(instance: str, ledger: SqlLedger) -> None:
    window = ledger.windows.current(instance)
    began = datetime.now(UTC) - _MAY_LIVE
    runs = ledger.history.runs(instance)
    alive = next((run.id for run in runs if run.outcome is None and run.started_at > began), None)
    if holder := window.run_id if window else alive:
        raise InstanceInUse(
            f"Run {holder} is under way, and would write what is erased anew.",
            todo=f"Wait for its end, or take it up by `connector resume --run {holder}`.",
        )


@contextmanager
def _alone_with(person: Person, instance: str, ledger: SqlLedger) -> Iterator[None]:
    """Let nobody synchronise the person's records meanwhile: they would be written down anew.

    Who begins one now finds it taken, and tries it again after. Raises InstanceInUse where somebody has
    begun.
    """
    taken = InstanceInUse(
        f"{person.spec.name} {person.key} is being synchronised at the moment.",
        todo="Repeat this in a minute; nothing was erased.",
    )
    with ExitStack() as locks:
        for entity, keys in person.keys.items():
            names = keys | person.ids if entity == person.spec.name else keys
            if locks.enter_context(ledger.writers.writing(instance, entity, names)) != names:
                raise taken
        if ledger.sync_jobs.are_running(instance, person.keys, person.ids):
            raise taken
        yield


def _erased(at: Connection, ledger: SqlLedger, person: Person, runs: list[str]) -> Iterable[Erased]:
    """Staging comes last: what it knows of the person tells where else to look, should this be repeated."""
    instance, entity, key = at.instance.id, person.spec.name, person.key
    about = {**person.hanging, entity: frozenset({key})}
    letters = list(_letters(at, ledger, about))
    with tempfile.TemporaryDirectory(prefix="connector-erase-") as work:
        yield from PublishedFiles(at.salesforce, Path(work)).erase(person, instance)
    yield from erase_reports(person, runs, at.settings.reports_folder)
    for table, rows in ledger.reviews.erase(instance, entity, key).items():
        if rows:
            yield Erased(f"ledger, table {table}", "rows removed", rows)
    if rows := ledger.dead_letters.drop(instance, letters):
        yield Erased("ledger, table dead_letter", "rows removed", rows)
    for name, keys in about.items():
        if rows := ledger.agreements.erase(instance, name, keys):
            yield Erased("ledger, table agreement", "rows removed", rows)
    if jobs := ledger.sync_jobs.erase(instance, person.keys, person.ids):
        yield Erased("ledger, table sync_job", "jobs emptied of values", jobs)
    yield from erase_staged(person, runs, at.staging)


def _letters(at: Connection, ledger: SqlLedger, about: Mapping[str, frozenset[str]]) -> Iterator[Notice]:
    """What the person's records are called among the dead letters."""
    gentrack = None if at.instance.gentrack.url is None else at.gentrack_side
    for spec in at.entities:
        if keys := about.get(spec.name):
            yield from notices_of(
                at.instance.id,
                spec,
                keys,
                pairs=ledger.agreements,
                gentrack=gentrack,
                salesforce=SalesforceSide(at.salesforce),
            )


def _counted(removed: Iterable[Erased]) -> list[Erased]:
    """One line a place and kind."""
    rows: dict[tuple[str, str], int] = {}
    for one in removed:
        rows[one.where, one.what] = rows.get((one.where, one.what), 0) + one.rows
    return [Erased(where, what, number) for (where, what), number in rows.items()]
