"""A request body read from disk: bytes before, a file, bytes after.

Its length is known, so the request carries Content-Length; it can be iterated again, so a request that was
cut off can be repeated. The file is never in memory as a whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHUNK_BYTES = 1 << 16
"""A socket's time limit covers one chunk, so that a slow line has time for it."""


@dataclass(frozen=True)
class StreamedFile:
    """The body of one request."""

    path: Path
    before: bytes = b""
    after: bytes = b""

    def __len__(self) -> int:
        return len(self.before) + self.path.stat().st_size + len(self.after)

    def __iter__(self) -> Iterator[bytes]:
        yield self.before
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
        yield self.after
