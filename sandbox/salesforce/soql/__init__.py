"""SOQL: parsed by a real grammar, checked against the schema that the caller may see, run as SQL."""
