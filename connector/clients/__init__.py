"""The two systems: each client fills a port of `connector.sync.ports`."""
