"""Bulk API 2.0: ingest jobs and query jobs, worked on in the background."""
