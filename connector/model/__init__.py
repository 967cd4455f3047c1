"""The nouns: what flows between stages. Plain values, no behaviour that needs a system."""
