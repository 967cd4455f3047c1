"""What is logged while the API is tested, and what must not stand in it: secrets and values of records."""

import logging

_secrets: set[str] = set()


def is_secret(*values: str) -> None:
    """These may stand in no log."""
    _secrets.update(values)


class Logs(logging.Handler):
    """Keeps every line, with its traceback, of every logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def told(self, text: str) -> bool:
        """Whether it stands in a line."""
        return any(text in line for line in self.lines)

    def leaked(self) -> list[str]:
        """The lines with something secret in them."""
        return [line for line in self.lines if any(secret in line for secret in _secrets)]
