"""The undo of a run: its stages extract, transform, undo and verify, one a file."""
