"""Inserting, updating, upserting and deleting records, many at a time: one path for REST and Bulk.

A save goes through the order of execution of the platform as far as it is public: values by type, references,
the record that is meant, access, required values, rules of the object, unique values, the write, what the
write brings about. Each step works on whole columns; only rows that are refused cost a step of Python each.
"""
