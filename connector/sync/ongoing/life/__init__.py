"""The life of a run: rounds and polls, one after another, told to whoever watches."""
