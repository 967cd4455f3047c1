"""A Salesforce org to load and read, on this machine: Bulk API 2.0, REST, SOQL, files.

Its law is the public documentation. What it does and doesn't is listed in ``sandbox/COVERAGE.md``.
"""
