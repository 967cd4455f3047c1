"""`python -m deployments.command_line` is the same as `connector`."""

from deployments.command_line.app import main

main()
