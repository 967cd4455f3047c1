"""The org's addresses: which path leads where, who may call it, and how answers look."""
