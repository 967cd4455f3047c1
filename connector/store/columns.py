"""Kinds of columns that the ledger's tables share."""

from datetime import datetime

from sqlalchemy import Column, DateTime


def moment(*, nullable: bool = True) -> Column[datetime]:
    """A moment with its time zone; each table needs a column of its own."""
    return Column(DateTime(timezone=True), nullable=nullable)
