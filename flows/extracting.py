"""The order of extract, for every flow that reads both sides: all of it side by side.

Where a run is about a part, Gentrack's side says which, before Salesforce is asked for it.
"""

from collections.abc import Sequence

from connector.mapping.vocabulary import EntitySpec
from connector.model.run import Run
from tasks.extract import extract_gentrack, extract_salesforce
from tasks.narrow import narrow
from tasks.refused import find_refused


def extract(run: Run, entities: Sequence[EntitySpec]) -> None:
    """Each Gentrack resource that the entities read, once, and what Salesforce holds of each entity."""
    if run.scope.retry_of:
        find_refused(run, entities)
    resources = {resource.name: resource for spec in entities for resource in spec.source.resources}
    waiting = [extract_gentrack.submit(run, resource) for resource in resources.values()]
    if not run.scope.is_whole:
        for future in waiting:
            future.result()
        narrow(run, entities)
    waiting += [extract_salesforce.submit(run, spec.name) for spec in entities]
    for future in waiting:
        future.result()
