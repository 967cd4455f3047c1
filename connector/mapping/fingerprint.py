"""The fingerprint of a mapping: two runs with the same one would decide alike about the same records.

It covers what the registry declares and what the instance chooses, and not the code that carries it out.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from connector.mapping.vocabulary import EntitySpec


def fingerprint(entities: Sequence[EntitySpec], choices: Mapping[str, Any]) -> str:
    """A hash over every line of the mapping and the instance's choices (as JSON has them), 64 hex digits.

    Functions count by the name of the converter that holds them.
    """
    told = {"entities": [_plain(spec) for spec in entities], "choices": choices}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        held = {line.name: getattr(value, line.name) for line in fields(value)}
        return {name: _plain(part) for name, part in held.items() if not callable(part)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)
