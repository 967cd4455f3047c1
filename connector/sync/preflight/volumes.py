"""How many records a run will meet: counted where a side can count, else as the last plan or run saw them."""

from collections.abc import Mapping, Sequence

from connector.mapping.vocabulary import EntitySpec
from connector.model.history import PastRun
from connector.model.volume import COUNTED, REMEMBERED, UNKNOWN, Volume
from connector.sync.ports import GentrackSource, SalesforceOrg


def counted(
    entities: Sequence[EntitySpec], source: GentrackSource, org: SalesforceOrg, past: Sequence[PastRun]
) -> Mapping[str, Volume]:
    """Entity -> its volumes. The first resource of an entity's source view is the one that makes its rows.

    Raises what either side raises.
    """
    held = org.record_counts([spec.salesforce_object for spec in entities])
    last = next((run.counts for run in past if run.finished_at and run.counts), {})
    volumes: dict[str, Volume] = {}
    for spec in entities:
        salesforce = held.get(spec.salesforce_object, 0)
        rows = source.count(spec.source.resources[0].name)
        if rows is not None:
            volumes[spec.name] = Volume(rows, salesforce, COUNTED)
        elif spec.name in last:
            volumes[spec.name] = Volume(last[spec.name].read, salesforce, REMEMBERED)
        else:
            volumes[spec.name] = Volume(None, salesforce, UNKNOWN)
    return volumes
