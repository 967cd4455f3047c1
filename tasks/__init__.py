"""Prefect wrapping only: names, retries, timeouts, artifacts. One verb a file, as in `connector.sync`."""
