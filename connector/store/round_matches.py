"""What rounds of ongoing synchronisation find to be the same, in the tables of an initial run's links."""

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete

from connector.model.link import IN_ROUNDS, LinkState, Match
from connector.store.tables import LinkRow, ReviewRow


def keep_match(session: Session, instance: str, entity: str, match: Match) -> None:
    """Keep a link, and that a person may look at it, or a proposal. What people decided stays as it is."""
    pair = {
        "instance": instance,
        "entity": entity,
        "external_id": match.external_id,
        "salesforce_id": match.salesforce_id,
        "rule": match.rule,
        "state": match.state.value,
        "found_in_run": IN_ROUNDS,
    }
    if match.state is LinkState.LINKED:
        either = or_(
            col(LinkRow.external_id) == match.external_id, col(LinkRow.salesforce_id) == match.salesforce_id
        )
        here = (col(LinkRow.instance) == instance, col(LinkRow.entity) == entity)
        session.exec(delete(LinkRow).where(*here, either))
        session.exec(insert(LinkRow).values(**pair))
    found = insert(ReviewRow).values(**pair, note="")
    session.exec(
        found.on_conflict_do_update(
            index_elements=["instance", "entity", "external_id", "salesforce_id"],
            set_={name: pair[name] for name in ("rule", "state", "found_in_run")},
            where=col(ReviewRow.state).in_([LinkState.PROPOSED.value, LinkState.LINKED.value]),
        )
    )
