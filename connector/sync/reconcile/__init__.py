"""Reconciliation: both systems and the ledger compared wholly, and what is told of where they differ."""
