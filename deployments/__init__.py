"""Where processes start: the command line, the local stack, the demo, and what Prefect is told to run."""
