"""Salesforce's side of ongoing synchronisation: read, polled, listened to and written."""
