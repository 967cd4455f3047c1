"""What ongoing synchronisation of an instance is made of: its parties, its polls, its life.

The second half of the composition root: tasks, the command line and the API receive these from a connection.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial

import pandas as pd

from connector.bootstrap import Connection
from connector.errors import SettingsInvalid
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.vocabulary import EntitySpec
from connector.model.alert import AlertKind
from connector.model.window import WindowState
from connector.store.waking import listening
from connector.sync import folders
from connector.sync.ongoing.gentrack.apply import apply_to_gentrack
from connector.sync.ongoing.life.alerts import OnCall, alerts_of, tell_alerts
from connector.sync.ongoing.life.live import Doings, Life
from connector.sync.ongoing.life.polling import Polling
from connector.sync.ongoing.life.record import Standing
from connector.sync.ongoing.matching.look import Matching
from connector.sync.ongoing.round.fates import Persistence
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.round.work_off import RoundResult, work_off
from connector.sync.ongoing.salesforce.apply import apply_all_to_salesforce, write_keys
from connector.sync.ongoing.salesforce.jobs import SalesforceJobs
from connector.sync.ongoing.salesforce.poll import SalesforcePoll
from connector.sync.ongoing.salesforce.sending import SalesforceSender
from connector.sync.ongoing.salesforce.side import SalesforceSide
from connector.sync.ongoing.terms import terms_of
from connector.sync.ports import Mailer


def parties_of(at: Connection) -> Parties:
    """The two systems of an instance, and the ledger between them. Asks the org what its objects are."""
    org, ledger = at.salesforce, at.ledger
    jobs = SalesforceJobs(org, at.staging.local(folders.rounds(at.instance.id)))
    sender = SalesforceSender(org, jobs, at.instance.ongoing.bulk_from)
    entities = tuple(at.entity(spec.name) for spec in at.entities)
    return Parties(
        instance=at.instance.id,
        entities=entities,
        gentrack=at.gentrack_side,
        gentrack_records=at.gentrack_records,
        salesforce=SalesforceSide(org, criteria_of(at)),
        agreements=ledger.agreements,
        locks=ledger.writers,
        proposals=ledger.reviews,
        matching=Matching(
            at.instance.id,
            org,
            at.gentrack_side,
            ledger.agreements,
            ledger.reviews,
            at.rules,
            at.instance.matching.placeholders,
        ),
        terms=lambda spec: terms_of(at.instance, spec, org.describe(spec.salesforce_object)),
        to_gentrack=partial(_to_gentrack, at),
        to_salesforce=partial(_to_salesforce, sender),
        keys_to_salesforce=lambda spec, keys: write_keys(spec, keys, sender),
    )


def criteria_of(at: Connection) -> dict[str, Mapping[str, Sequence[str]]]:
    """Entity -> what its records that are new in Salesforce must hold to be made in Gentrack."""
    chosen = {spec.name: at.instance.ongoing.created_in_gentrack(spec.name) for spec in at.entities}
    return {entity: wanted for entity, wanted in chosen.items() if wanted is not None}


def polling_of(at: Connection) -> Polling:
    """The polls of both sides."""
    ledger, instance = at.ledger, at.instance.id
    return Polling(
        instance=instance,
        entities=at.entities,
        resources=at.resources,
        finding=at.gentrack_finding,
        salesforce=SalesforcePoll(instance, at.salesforce, ledger.agreements, frozenset(criteria_of(at))),
        cursors=ledger.cursors,
    )


def round_of(at: Connection, parties: Parties) -> RoundResult:
    """One round of an instance. Raises what the clients raise."""
    limits = at.instance.ongoing
    persistence = Persistence.of(limits.attempts, limits.backoff, limits.backoff_limit)
    return work_off(
        parties,
        at.ledger.inbox,
        at.ledger.dead_letters,
        limit=limits.round_size,
        persistence=persistence,
    )


def why_closed(at: Connection) -> str:
    """Why nothing may be synchronised now; empty where it may."""
    window = at.ledger.windows.current(at.instance.id)
    if window is not None and window.state is WindowState.OPEN:
        return f"the outage window of run {window.run_id} is open"
    if not at.ledger.cursors.of(at.instance.id):
        return "no initial synchronisation has ended yet, so there is nothing to go on from"
    return ""


@contextmanager
def living(
    at: Connection,
    ends: Callable[[], bool],
    tell: Callable[[Standing, str], None],
) -> Iterator[Life | None]:
    """A life of an instance, ready to be lived; None where another run lives for it.

    `tell` is told every half minute how it stands. Raises ServiceUnavailable, and what signing in raises.
    """
    with ExitStack() as open_now:
        held = open_now.enter_context(at.ledger.writers.living(at.instance.id))
        if held is None:
            yield None
            return
        polling = polling_of(at)
        waker = open_now.enter_context(listening(_database_url(at), at.instance.id))
        parties = parties_of(at)
        inbox, instance = at.ledger.inbox, at.instance.id
        doings = Doings(
            work_off=partial(round_of, at, parties),
            poll=polling.poll,
            backlog=lambda: inbox.backlog(instance),
            next_turn=lambda: inbox.next_attempt(instance),
            dead_letters=lambda: len(at.ledger.dead_letters.all(instance)),
            closed=partial(why_closed, at),
            tell=tell,
        )
        life = Life(instance, at.instance.ongoing, doings, held, waker, ends)
        subscription = at.subscription(life.ask_poll)
        if subscription is not None:
            open_now.enter_context(subscription)
        yield life


def tell_on_call(
    at: Connection,
    standing: Standing,
    away: str,
    mailer: Mailer | None,
    emit: Callable[[str, AlertKind, str], None],
) -> str:
    """Tell whoever is on call what is wrong, once; returns what became of the email, if one was due."""
    letters = at.ledger.dead_letters.all(at.instance.id)
    wrong = alerts_of(standing, letters, away, at.instance.ongoing)
    sender = at.settings.email.sender if at.settings.email else ""
    on_call = OnCall(at.instance.email.recipients, sender, mailer, emit)
    return tell_alerts(at.instance.id, wrong, at.ledger.alerts, on_call)


def _database_url(at: Connection) -> str:
    if at.settings.database_url is None:
        raise SettingsInvalid("No database is set for the ledger.", todo="Set CONNECTOR_DATABASE_URL.")
    return at.settings.database_url.get_secret_value()


def _to_gentrack(at: Connection, spec: EntitySpec, decisions: Decisions) -> pd.DataFrame:
    return apply_to_gentrack(
        spec,
        decisions,
        decisions.records,
        at.gentrack_records,
        finding=at.gentrack_finding,
        org=at.salesforce,
        parallel=at.instance.ongoing.parallel,
    )


def _to_salesforce(
    sender: SalesforceSender, work: Sequence[tuple[EntitySpec, Decisions]]
) -> list[pd.DataFrame]:
    return apply_all_to_salesforce(work, sender, today=datetime.now(UTC).date())
