"""The org's objects and fields, read from data: TOML for the standard ones, Salesforce DX source for
custom ones.
"""
