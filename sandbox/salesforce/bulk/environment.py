"""The parts of the org that bulk jobs use."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.salesforce.bulk.pace import Pace
from sandbox.salesforce.clock import Clock
from sandbox.salesforce.dml.engine import Dml
from sandbox.salesforce.faults import Faults
from sandbox.salesforce.limits import Limits
from sandbox.salesforce.permissions import Access
from sandbox.salesforce.settings import Switchboard
from sandbox.salesforce.storage.database import Database


@dataclass(frozen=True, slots=True)
class Environment:
    """``folder`` takes what was uploaded and what came of it; ``new_id`` gives an id for a key prefix."""

    database: Database
    dml: Dml
    access: Access
    clock: Clock
    limits: Limits
    random: random.Random
    new_id: Callable[[str], str]
    folder: Path
    faults: Faults
    switchboard: Switchboard
    pace: Pace
