"""Who calls: apps sign in by id and secret, get a token, and are known by it."""
