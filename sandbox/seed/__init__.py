"""Data of an imagined retailer: a pure function of (customers, seed), made block by block.

Nothing is held: any block of 2,000 customers, with the accounts and relations that hang on them, can be
made again at any time, so that a data set of a million customers costs no memory.
"""

from sandbox.seed.dataset import Dataset
from sandbox.seed.table import Record, Table

__all__ = ["Dataset", "Record", "Table"]
