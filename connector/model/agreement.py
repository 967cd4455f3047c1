"""Agreements: what the two systems last agreed on of a record, as hashes, never as values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Agreement:
    """A pair as it stands in the ledger.

    `key` is the external id, `gentrack_id` the id of the record of the entity's first resource. `standing`
    is a value of `connector.mapping.agreement.record_cases.Standing`; `agreed` are the hashes of the lines
    whose fingerprint is `fields` (`connector.mapping.agreement.hashes`). `contested` counts how many times in
    a row a value was restored or settled, and came back changed.
    """

    key: str
    salesforce_id: str | None
    gentrack_id: int | None
    standing: str
    fields: str
    agreed: bytes
    contested: int = 0
