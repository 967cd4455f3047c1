"""`connector erase`: one person goes from all that the connector keeps; the two systems are not touched."""

import getpass
import json
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from connector.bootstrap import Connection
from connector.errors import InstanceInUse, SettingsInvalid
from connector.mapping.vocabulary import EntitySpec
from connector.model.audit import AuditAction
from connector.model.change import Notice, Side
from connector.settings import load_settings
from connector.store.ledger import SqlLedger
from connector.sync.erase.person import Erased, Person
from connector.sync.erase.published import PublishedFiles
from connector.sync.erase.reports import erase_reports
from connector.sync.erase.staged import erase_staged, identified
from deployments.command_line.services import ledger_alone
from tasks.connection import connection

PERSONS = ("contact", "account")
"""Entities whose records may be persons: customers, and accounts of sole traders."""
_MAY_LIVE = timedelta(days=1)
"""A run without an end that began longer ago is not under way, but was killed."""


def erase(instance: str, entity: str, key: str, *, as_json: bool) -> int:
    """Erase a person and say what went where. Raises InstanceInUse while a run is under way."""
    if entity not in PERSONS:
        raise SettingsInvalid(f"{entity!r} holds no persons.", todo=f"Name one of {', '.join(PERSONS)}.")
    with ledger_alone(load_settings(), Console(stderr=True)) as ledger:
        at = connection(instance)
        _check_idle(instance, ledger)
        removed = list(_erased(at, ledger, entity, key))
        by_place = _counted(removed)
        detail = {"entity": entity, "key": key, "places": len(by_place)}
        ledger.audit.keep(instance, getpass.getuser(), AuditAction.ERASED, detail=detail)
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in by_place], indent=2) + "\n")
        return 0
    console = Console(highlight=False, soft_wrap=True)
    for one in by_place:
        console.print(f"{one.where}: {f'{one.rows:,} ' if one.rows else ''}{one.what}", markup=False)
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


def _erased(at: Connection, ledger: SqlLedger, entity: str, key: str) -> Iterable[Erased]:
    """Staging comes last: what it knows of the person tells where else to look, should this be repeated."""
    runs = [run.id for run in ledger.history.runs(at.instance.id)]
    spec = next(spec for spec in at.entities if spec.name == entity)
    person = identified(Person(spec, at.entities, key.lower()), runs, at.staging)
    with tempfile.TemporaryDirectory(prefix="connector-erase-") as work:
        yield from PublishedFiles(at.salesforce, Path(work)).erase(person, at.instance.id)
    yield from erase_reports(person, runs, at.settings.reports_folder)
    for table, rows in ledger.reviews.erase(at.instance.id, entity, key).items():
        if rows:
            yield Erased(f"ledger, table {table}", "rows removed", rows)
    for name, keys in ({**person.hanging, entity: frozenset({person.key})}).items():
        own = [one for one in at.entities if one.name == name]
        letters = [notice for one in own for notice in _notices(at, ledger, one, keys)]
        if rows := ledger.dead_letters.drop(at.instance.id, letters):
            yield Erased("ledger, table dead_letter", "rows removed", rows)
        if rows := ledger.agreements.erase(at.instance.id, name, keys):
            yield Erased("ledger, table agreement", "rows removed", rows)
    if jobs := ledger.sync_jobs.erase(at.instance.id, person.keys, person.ids):
        yield Erased("ledger, table sync_job", "jobs emptied of values", jobs)
    yield from erase_staged(person, runs, at.staging)


def _notices(at: Connection, ledger: SqlLedger, spec: EntitySpec, keys: Collection[str]) -> Iterator[Notice]:
    """What the records of a person are called among the dead letters, whose reasons may quote them."""
    for pair in ledger.agreements.of_keys(at.instance.id, spec.name, keys):
        if pair.gentrack_id is not None:
            yield Notice(Side.GENTRACK, spec.source.resources[0].name, str(pair.gentrack_id))
        if pair.salesforce_id is not None:
            yield Notice(Side.SALESFORCE, spec.salesforce_object, pair.salesforce_id)


def _counted(removed: Iterable[Erased]) -> list[Erased]:
    """One line a place and kind."""
    rows: dict[tuple[str, str], int] = {}
    for one in removed:
        rows[one.where, one.what] = rows.get((one.where, one.what), 0) + one.rows
    return [Erased(where, what, number) for (where, what), number in rows.items()]
