"""On-demand synchronisation: sync jobs are taken from the ledger, carried out, and settled."""
