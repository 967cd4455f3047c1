"""What is kept: the ledger in PostgreSQL, and batches in staging."""
