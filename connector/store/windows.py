"""Outage windows in the ledger: the lock of an instance, its lease, and what has to be restored.

Time is the database's own, so that machines whose clocks differ agree on who holds what.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select, update

from connector.errors import InstanceInUse, LeaseLost
from connector.model.audit import AuditAction
from connector.model.outcome import RunOutcome
from connector.model.run import Run
from connector.model.window import ClosedBy, TriggerSwitch, Window, WindowState
from connector.store.audit import audited
from connector.store.cursors import set_cursors
from connector.store.sessions import transaction
from connector.store.tables import AuditRow, RunRow, run_of
from connector.store.tables import OutageWindowRow as Row

_COMPLETED = (RunOutcome.COMPLETED.value, RunOutcome.COMPLETED_WITH_ERRORS.value)
_HELD = (WindowState.RESERVED.value, WindowState.OPEN.value)


class SqlClosing:
    """Fills the `Closing` port: a window whose row is locked until its fate is told."""

    def __init__(self, session: Session, row: Row) -> None:
        self._session, self._row = session, row
        self.window = _window(session, row)

    def closed(self, by: ClosedBy, note: str, *, who: str = "", completed: bool = False) -> None:
        """Everything is as it was before; with a whole run that came to its end, cursors are set from it.

        `completed` says so of a run whose outcome is not kept yet; `who` is the person who saw to it.
        """
        run = self._session.get_one(RunRow, self._row.run_id)
        whole = run_of(run).is_whole
        if whole and (completed or run.outcome in _COMPLETED):
            set_cursors(self._session, run.instance, run.id)
        if by is ClosedBy.PERSON:
            detail = {"state": self.window.state.value, "lease_over": self.window.lapsed}
            audited(
                self._session,
                self._row.instance,
                who,
                AuditAction.CLOSED_WINDOW,
                run_id=self._row.run_id,
                detail=detail,
            )
        self._row.state, self._row.closed_by, self._row.note = WindowState.CLOSED.value, by.value, note
        self._row.closed_at = _now(self._session)

    def not_closed(self, note: str) -> None:
        """Something could not be restored; the lease ends, so that the watchdog tries again."""
        self._row.note = note
        self._row.lease_until = min(self._row.lease_until, _now(self._session))


class SqlWindows:
    """Fills the `Windows` port. Every method is one transaction; all of them may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reserve(self, run: Run, seconds: float) -> Window:
        """The instance for this run, for so many seconds; the window that it holds already, as it is.

        Raises InstanceInUse, naming the run that holds it.
        """
        with transaction(self._engine) as session:
            session.exec(
                insert(Row)
                .values(
                    instance=run.instance,
                    run_id=run.id,
                    state=WindowState.RESERVED.value,
                    lease_until=func.now() + timedelta(seconds=seconds),
                    note="",
                )
                .on_conflict_do_nothing()
            )
            session.commit()
            row = session.exec(
                select(Row).where(Row.instance == run.instance, col(Row.state).in_(_HELD))
            ).one_or_none()
            if row is None:
                raise LeaseLost(f"The window of {run.instance} was closed as soon as it was reserved.")
            window = _window(session, row)
        if window.run_id != run.id:
            raise InstanceInUse(
                f"Instance {run.instance} is held by run {window.run_id} ({_holding(window)}).",
                todo=f"Wait for its end, or look at `connector window status --instance {run.instance}`.",
            )
        return window

    def claim(self, window: Window, name: str, attestations: Mapping[str, str], seconds: float) -> Window:
        """Keep who confirmed and what was attested, and begin the lease. Raises LeaseLost."""
        return self._changed(
            window,
            and_then=lambda session: _confirmed(session, window, name, attestations),
            claimed_by=name,
            attestations=dict(attestations),
            lease_until=func.now() + timedelta(seconds=seconds),
        )

    def open(self, window: Window, salesforce: TriggerSwitch, gentrack: bool | None) -> Window:  # noqa: FBT001
        """Keep what stands before anything is switched. Raises LeaseLost."""
        return self._changed(
            window,
            state=WindowState.OPEN.value,
            opened_at=func.now(),
            salesforce_before=salesforce.as_dict(),
            gentrack_before=gentrack,
        )

    def renew(self, window: Window, seconds: float) -> bool:
        """Begin the lease anew; False where it is lost: a lease that was over once is not renewed."""
        try:
            self._changed(window, lease_until=func.now() + timedelta(seconds=seconds))
        except LeaseLost:
            return False
        return True

    def is_open_for(self, run: Run) -> bool:
        """Whether a run holds an open window, its lease not over."""
        held = [window for window in self.of_run(run.id) if window.state is WindowState.OPEN]
        return any(not window.lapsed for window in held)

    def of_run(self, run_id: str) -> list[Window]:
        """Every window that a run has had, oldest first: more than one if it was resumed late."""
        with transaction(self._engine) as session:
            rows = session.exec(select(Row).where(Row.run_id == run_id).order_by(col(Row.id))).all()
            return [_window(session, row) for row in rows]

    def current(self, instance: str) -> Window | None:
        """The reserved or open window of an instance."""
        return next(iter(self.held(instance)), None)

    def held(self, instance: str | None = None) -> list[Window]:
        """Windows that are reserved or open, of one instance or of all."""
        with transaction(self._engine) as session:
            query = select(Row).where(col(Row.state).in_(_HELD)).order_by(col(Row.id))
            if instance is not None:
                query = query.where(Row.instance == instance)
            return [_window(session, row) for row in session.exec(query).all()]

    def latest(self, instance: str) -> Window | None:
        """The newest window of an instance, whatever became of it."""
        with transaction(self._engine) as session:
            row = session.exec(
                select(Row).where(Row.instance == instance).order_by(col(Row.id).desc()).limit(1)
            ).one_or_none()
            return _window(session, row) if row else None

    @contextmanager
    def closing(self, window: Window) -> Iterator[SqlClosing | None]:
        """Lock a window while it is restored, so that nobody else restores or renews it; None: it is closed.

        What is told of it is kept when the context ends, and nothing where an error ends it.
        """
        with transaction(self._engine) as session:
            row = session.exec(select(Row).where(Row.id == window.id).with_for_update()).one()
            yield None if row.state == WindowState.CLOSED else SqlClosing(session, row)
            session.commit()

    def _changed(
        self, window: Window, and_then: Callable[[Session], None] | None = None, **values: Any
    ) -> Window:
        """Change a window whose lease is not over, and do what belongs to it. Raises LeaseLost."""
        with transaction(self._engine) as session:
            row = session.exec(
                select(Row)
                .where(Row.id == window.id, col(Row.state).in_(_HELD), col(Row.lease_until) > func.now())
                .with_for_update()
            ).one_or_none()
            if row is None:
                raise LeaseLost(
                    f"The outage window of run {window.run_id} is not held any more: its time was over.",
                    todo="Start the run again.",
                )
            session.exec(update(Row).where(col(Row.id) == window.id).values(**values))
            if and_then is not None:
                and_then(session)
            session.commit()
            session.refresh(row)
            return _window(session, row)


def _confirmed(session: Session, window: Window, name: str, attestations: Mapping[str, str]) -> None:
    """A run that opens a second window stands on the confirmation of its first one."""
    of_run = (AuditRow.run_id == window.run_id, AuditRow.action == AuditAction.CONFIRMED.value)
    if session.exec(select(AuditRow.id).where(*of_run)).first() is None:
        run = session.get_one(RunRow, window.run_id)
        detail = {"mode": run.mode, "of_run": run.earlier_run, "attested": sorted(attestations)}
        audited(session, window.instance, name, AuditAction.CONFIRMED, run_id=window.run_id, detail=detail)


def _window(session: Session, row: Row) -> Window:
    before = row.salesforce_before
    kept = row.model_dump(exclude={"state", "salesforce_before"})
    return Window(
        **kept,
        state=WindowState(row.state),
        lapsed=row.lease_until <= _now(session),
        salesforce_before=TriggerSwitch(**before) if before else None,
    )


def _now(session: Session) -> Any:
    return session.exec(select(func.clock_timestamp())).one()


def _holding(window: Window) -> str:
    if window.claimed_by is None:
        return f"waiting for its confirmation until {window.lease_until:%d %B %H:%M} UTC"
    return f"{window.state}, confirmed by {window.claimed_by}, lease until {window.lease_until:%H:%M} UTC"
