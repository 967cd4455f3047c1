"""Where the parts of a run lie in staging, by what they hold."""

from connector.model.run import Run


def everything(run_id: str) -> str:
    """All that a run has staged."""
    return run_id


def gentrack(run: Run, resource: str) -> str:
    """Records of a Gentrack resource, flattened."""
    return f"{run.id}/gentrack/{resource}"


def salesforce(run: Run, entity: str) -> str:
    """Records that Salesforce held before the run."""
    return f"{run.id}/salesforce/{entity}"


def scope(run: Run, entity: str) -> str:
    """The keys that a pilot or a retry is about, as Gentrack writes them."""
    return f"{run.id}/scope/{entity}"


def refused(run: Run, entity: str) -> str:
    """What an earlier run left failed, rejected or held, where this run is its retry."""
    return f"{run.id}/refused/{entity}"


def reread(run: Run, resource: str) -> str:
    """What a retry has read of a Gentrack resource, before it stands among the rest."""
    return f"{run.id}/reread/{resource}"


def linked(run: Run, entity: str) -> str:
    """Pairs of one external id and one Salesforce id that are the same thing, found in this run."""
    return f"{run.id}/linked/{entity}"


def proposed(run: Run, entity: str) -> str:
    """Pairs that a person has to decide on, with both records in words."""
    return proposed_in(run.id, entity)


def proposed_in(run_id: str, entity: str) -> str:
    """The same of a run of which only the id is at hand."""
    return f"{run_id}/proposed/{entity}"


def linked_words_in(run_id: str, entity: str) -> str:
    """Pairs that a rule has linked, with both records in words, for whoever reviews them."""
    return f"{run_id}/linked_words/{entity}"


def prepared(run: Run, entity: str) -> str:
    """Rows of an entity: Gentrack's values beside Salesforce's, and the state of their parents."""
    return f"{run.id}/prepared/{entity}"


def plan(run: Run, entity: str) -> str:
    """What should be done with each row."""
    return plan_in(run.id, entity)


def plan_in(run_id: str, entity: str) -> str:
    """The same of a run of which only the id is at hand."""
    return f"{run_id}/plan/{entity}"


def born(run: Run, entity: str) -> str:
    """Records that the platform made by itself while their parents were loaded."""
    return f"{run.id}/born/{entity}"


def lined_up(run: Run, entity: str) -> str:
    """The rows to be written, when the entity's turn comes: parents loaded, platform-made records known."""
    return f"{run.id}/lined_up/{entity}"


def result(run: Run, entity: str) -> str:
    """What became of each row that was lined up."""
    return f"{run.id}/result/{entity}"


def finished(run: Run, entity: str) -> str:
    """Rows that are in Salesforce and could not be finished."""
    return f"{run.id}/finished/{entity}"


def before_images(run_id: str) -> str:
    """What a run kept of how things stood: apart from the rest, so that it may outlive it."""
    return f"before-images/{run_id}"


def before(run_id: str, entity: str, attempt: int) -> str:
    """Before-images of an entity, those of each attempt that read both sides apart."""
    return f"{before_images(run_id)}/{entity}/{attempt}"


def attached(run: Run, entity: str) -> str:
    """Records that others have hung something on, as an undo finds them."""
    return f"{run.id}/attached/{entity}"


def unseen(run: Run, entity: str) -> str:
    """Objects that hang on an entity's records and that an undo can't look at."""
    return f"{run.id}/unseen/{entity}"


def stamps(run: Run, entity: str) -> str:
    """When each record was last changed that Salesforce holds after the load."""
    return f"{run.id}/stamps/{entity}"


def agreements(run: Run, entity: str) -> str:
    """What the ledger says was last agreed of each record, as a reconciliation reads it."""
    return f"{run.id}/agreements/{entity}"


def claims(run: Run) -> str:
    """What the values that Salesforce masters ask of Gentrack's records, place by place."""
    return f"{run.id}/write_back/claims"


def differing(run: Run) -> str:
    """The same, with what stands in the way of each."""
    return f"{run.id}/write_back/differing"


def to_write(run: Run) -> str:
    """Those that nothing stands in the way of, record by record."""
    return f"{run.id}/write_back/to_write"


def begun(run: Run) -> str:
    """The batches of them whose writing has begun."""
    return f"{run.id}/write_back/begun"


def written(run: Run) -> str:
    """What became of each."""
    return f"{run.id}/write_back/written"


def written_before(run: Run) -> str:
    """Fields that earlier attempts of the run wrote, as they were told."""
    return f"{run.id}/write_back/written_before"


def read_back(run: Run, entity: str) -> str:
    """Records that Salesforce holds after the load, those that have changed since extract."""
    return f"{run.id}/read_back/{entity}"


def verified(run: Run, entity: str) -> str:
    """Rows whose record is not what it should be."""
    return f"{run.id}/verified/{entity}"


def rounds(instance: str) -> str:
    """CSVs of ongoing synchronisation on their way, on this machine."""
    return f"ongoing/{instance}"


def working(run: Run) -> str:
    """CSVs on their way and spilled sorts; nothing that a later stage needs."""
    return f"{run.id}/working"
