"""Reviews in the ledger: what is open, and what people decide, with who and when."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import ARRAY, ColumnElement, Engine, Text, any_, func, literal, or_
from sqlmodel import Session, col, delete, select, update

from connector.model.audit import AuditAction
from connector.model.link import DECISIONS, Decision, LinkState, Match, Proposal
from connector.store.audit import audited
from connector.store.round_matches import keep_match
from connector.store.sessions import transaction
from connector.store.tables import LinkRow, ReviewRow

_SETTLED = "The other record of this pair was accepted for another one."


class SqlReviews:
    """Reads proposals and decides them; what contradicts an earlier decision is refused, with the reason."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def proposals(
        self, instance: str, *, entity: str | None = None, states: Iterable[LinkState] = (LinkState.PROPOSED,)
    ) -> list[Proposal]:
        """The proposals in these states, by entity and key."""
        query = select(ReviewRow).where(
            ReviewRow.instance == instance, col(ReviewRow.state).in_([state.value for state in states])
        )
        if entity is not None:
            query = query.where(ReviewRow.entity == entity)
        order = (ReviewRow.entity, ReviewRow.external_id, ReviewRow.salesforce_id)
        with transaction(self._engine) as session:
            rows = session.exec(query.order_by(*map(col, order))).all()
        return [
            Proposal(
                row.entity,
                row.external_id,
                row.salesforce_id,
                row.rule,
                LinkState(row.state),
                row.found_in_run,
                row.decided_by,
                row.decided_at,
                row.note,
            )
            for row in rows
        ]

    def open_of(self, instance: str, entity: str, keys: Collection[str]) -> dict[str, int]:
        """External id, case folded -> how many records in Salesforce a person has still to decide about."""
        found = Counter(row.external_id.lower() for row in self._of_keys(instance, entity, keys))
        return dict(found)

    def accepted_of(self, instance: str, entity: str, keys: Collection[str]) -> dict[str, str]:
        """External id, case folded -> the Salesforce id that a person said is the same record."""
        found = self._of_keys(instance, entity, keys, LinkState.ACCEPTED)
        return {row.external_id.lower(): row.salesforce_id for row in found}

    def open_with(self, instance: str, entity: str, ids: Collection[str]) -> dict[str, int]:
        """Salesforce id -> how many records in Gentrack a person has still to decide about."""
        found = self._rows(instance, entity, _ids_among(ids), (LinkState.PROPOSED,)) if ids else []
        return dict(Counter(row.salesforce_id for row in found))

    def about(
        self, instance: str, entity: str, *, keys: Collection[str], ids: Collection[str]
    ) -> list[Match]:
        """All that was found or decided of these external ids, case folded, or these Salesforce ids."""
        rows = self._rows(instance, entity, or_(_keys_among(keys), _ids_among(ids)), tuple(LinkState))
        return [Match(row.external_id, row.salesforce_id, row.rule, LinkState(row.state)) for row in rows]

    def keep_matches(self, instance: str, entity: str, matches: Sequence[Match]) -> None:
        """Keep links and proposals that a round found, all or none; what people decided stays. Repeatable."""
        with transaction(self._engine) as session:
            for match in matches:
                keep_match(session, instance, entity, match)
            session.commit()

    def decided_with(self, instance: str, entity: str, ids: Collection[str]) -> dict[str, set[str]]:
        """Salesforce id -> the external ids of which a person said that they are, or are not, the same."""
        found: dict[str, set[str]] = defaultdict(set)
        for row in self._rows(instance, entity, _ids_among(ids), DECISIONS):
            found[row.salesforce_id].add(row.external_id)
        return dict(found)

    def _of_keys(
        self, instance: str, entity: str, keys: Collection[str], state: LinkState = LinkState.PROPOSED
    ) -> Sequence[ReviewRow]:
        return self._rows(instance, entity, _keys_among(keys), (state,)) if keys else []

    def _rows(
        self, instance: str, entity: str, condition: ColumnElement[bool], states: Sequence[LinkState]
    ) -> Sequence[ReviewRow]:
        query = select(ReviewRow).where(
            ReviewRow.instance == instance,
            ReviewRow.entity == entity,
            col(ReviewRow.state).in_([state.value for state in states]),
            condition,
        )
        with transaction(self._engine) as session:
            return session.exec(query).all()

    def decide(self, instance: str, decision: Decision, *, by: str) -> str | None:
        """Keep one decision; returns why it can't be kept, None if it was. Repeating one changes nothing.

        To accept a pair rejects every other open pair of its two records.
        """
        with transaction(self._engine) as session:
            refusal = _decide(session, instance, decision, by)
            if refusal is None:
                session.commit()
        return refusal

    def decide_all(self, instance: str, decisions: Iterable[Decision], *, by: str) -> list[str | None]:
        """Keep many decisions in their order, each for itself: why it was refused, None if it was kept."""
        with transaction(self._engine) as session:
            answers = [_decide(session, instance, decision, by) for decision in decisions]
            session.commit()
        return answers

    def forget_open(self, instance: str, run_id: str) -> int:
        """Forget the proposals of a run that nobody decided on, as the next run finds them again.

        Returns how many.
        """
        with transaction(self._engine) as session:
            gone = session.exec(
                delete(ReviewRow).where(
                    col(ReviewRow.instance) == instance,
                    col(ReviewRow.found_in_run) == run_id,
                    col(ReviewRow.state) == LinkState.PROPOSED.value,
                )
            )
            session.commit()
            return int(gone.rowcount)

    def erase(self, instance: str, entity: str, key: str) -> dict[str, int]:
        """Forget links and proposals of one record, whatever its letter case; table -> how many rows went."""
        gone = {}
        with transaction(self._engine) as session:
            for table in (ReviewRow, LinkRow):
                of_record = (
                    col(table.instance) == instance,
                    col(table.entity) == entity,
                    func.lower(col(table.external_id)) == key.lower(),
                )
                gone[str(table.__tablename__)] = int(session.exec(delete(table).where(*of_record)).rowcount)
            session.commit()
        return gone


def _keys_among(keys: Collection[str]) -> ColumnElement[bool]:
    folded = literal([*map(str.lower, keys)], ARRAY(Text()))
    return func.lower(col(ReviewRow.external_id)) == any_(folded)


def _ids_among(ids: Collection[str]) -> ColumnElement[bool]:
    return col(ReviewRow.salesforce_id) == any_(literal(list(ids), ARRAY(Text())))


def _decide(session: Session, instance: str, decision: Decision, by: str) -> str | None:
    """Decide within a transaction; nothing is written where the answer is a reason."""
    here = (col(ReviewRow.instance) == instance, col(ReviewRow.entity) == decision.entity)
    ours = col(ReviewRow.external_id) == decision.external_id
    theirs = col(ReviewRow.salesforce_id) == decision.salesforce_id
    row = session.exec(select(ReviewRow).where(*here, ours, theirs)).first()
    if row is None:
        return "There is no such proposal."
    if row.state == decision.state:
        return None
    if row.state in DECISIONS:
        return f"It is {row.state} already, by {row.decided_by}."
    was_linked = row.state == LinkState.LINKED
    decided = {"decided_by": by, "decided_at": datetime.now(UTC)}
    session.exec(
        update(ReviewRow)
        .where(*here, ours, theirs)
        .values(state=decision.state.value, note=decision.note, **decided)
    )
    if was_linked:
        _tell_link(session, instance, decision)
    if decision.state is LinkState.ACCEPTED:
        session.exec(
            update(ReviewRow)
            .where(*here, ours | theirs, col(ReviewRow.state) == LinkState.PROPOSED.value)
            .values(state=LinkState.REJECTED.value, note=_SETTLED, **decided)
        )
    action = AuditAction.ACCEPTED if decision.state is LinkState.ACCEPTED else AuditAction.REJECTED
    pair = {name: getattr(decision, name) for name in ("entity", "external_id", "salesforce_id")}
    audited(session, instance, by, action, detail=pair)
    return None


def _tell_link(session: Session, instance: str, decision: Decision) -> None:
    """A link that a rule had found is a person's now, or is none."""
    pair = (
        col(LinkRow.instance) == instance,
        col(LinkRow.entity) == decision.entity,
        col(LinkRow.external_id) == decision.external_id,
        col(LinkRow.salesforce_id) == decision.salesforce_id,
    )
    if decision.state is LinkState.ACCEPTED:
        session.exec(update(LinkRow).where(*pair).values(state=decision.state.value))
    else:
        session.exec(delete(LinkRow).where(*pair))
