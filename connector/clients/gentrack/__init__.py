"""A Gentrack tenant, read through its REST API."""
