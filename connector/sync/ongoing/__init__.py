"""Ongoing synchronisation: two systems that agree are kept in agreement, whatever changes on either side."""
