"""The command line `connector`: what a person or a machine starts by hand."""
