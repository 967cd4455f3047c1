"""The event bus: platform and change events, kept for 72 hours and served by the Pub/Sub API."""
