"""What the Salesforce org holds before the first synchronisation: customers that both have, and others.

None of these records has an External ID: to link them without making duplicates is the connector's task.
"""

from sandbox.overlap.cases import OverlapCase, OverlapKind, overlap_cases

__all__ = ["OverlapCase", "OverlapKind", "overlap_cases"]
