"""What a person is told when a process of the local stack does not come up."""

from connector.errors import PersonNeeded


class StackFailed(PersonNeeded):
    """A process of the local stack did not start, or ended by itself; the message says which and why."""
