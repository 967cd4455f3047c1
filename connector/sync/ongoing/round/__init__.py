"""A round: what the inbox has ready is held, gathered, decided, carried out and settled."""
