"""Stateful emulators of a Salesforce org, a Gentrack tenant and a mail server, with seed data.

A tool of its own: it meets the connector over sockets only, and neither imports the other.
"""
