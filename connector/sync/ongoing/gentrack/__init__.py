"""Gentrack's side of ongoing synchronisation: read, traced, polled and written."""
