"""A mail server that delivers nothing and keeps every message as a file."""

from sandbox.mail.server import KeepingHandler, smtp_protocol

__all__ = ["KeepingHandler", "smtp_protocol"]
