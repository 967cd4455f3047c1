"""An HTTP server on a real socket that gives scripted answers, faults included, and remembers what it got."""

import json
import socket
import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    """One answer. `lost`: the request is taken, and the connection closed without a word.

    `cut_short`: the body promises more bytes than come. `until`: the answer waits for that event.
    `early`: it is given before the body has been read, and the connection is torn down.
    """

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False
    cut_short: bool = False
    until: threading.Event | None = None
    early: bool = False

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


LOST = Answer(lost=True)
KEPT_BYTES = 1 << 20


@dataclass(frozen=True)
class Got:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    size: int

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


class ScriptedServer:
    """Answers per method and path, in turn; the last one is given again and again."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.got: list[Got] = []
        self._script: dict[tuple[str, str], list[Answer]] = defaultdict(list)
        self._http = _Server(("127.0.0.1", 0), _handler(self))
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._http.server_address[1]}"

    def answers(self, method: str, path: str, *answers: Answer) -> None:
        """Script the answers to `method path`, in place of earlier ones."""
        self._script[method, path] = list(answers)

    def requests(self, method: str, path: str) -> list[Got]:
        """What came for `method path`."""
        return [got for got in self.got if (got.method, got.path) == (method, path)]

    def next_answer(self, got: Got) -> Answer:
        self.got.append(got)
        script = self._script[got.method, got.path]
        if not script:
            return Answer(404, [{"errorCode": "NOT_FOUND", "message": f"nothing scripted: {got.path}"}])
        return script.pop(0) if len(script) > 1 else script[0]

    def answers_early(self, method: str, path: str) -> bool:
        script = self._script[method, path]
        return bool(script) and script[0].early

    @contextmanager
    def running(self) -> Iterator["ScriptedServer"]:
        """Serve in threads until the block ends."""
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to report."""


def _handler(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            early = server.answers_early(self.command, self.path)
            body = b"" if early else self.body_of(size)
            answer = server.next_answer(Got(self.command, self.path, dict(self.headers), body, size))
            if answer.until:
                answer.until.wait(10)
            if answer.lost:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content) + (100 if answer.cut_short else 0)))
            self.end_headers()
            self.wfile.write(answer.content)
            if answer.cut_short or answer.early:
                self.close_connection = True

        def body_of(self, size: int) -> bytes:
            """The body; of a large one only the start, so that a test can measure the sender's memory."""
            kept = self.rfile.read(min(size, KEPT_BYTES))
            for start in range(KEPT_BYTES, size, KEPT_BYTES):
                self.rfile.read(min(KEPT_BYTES, size - start))
            return kept

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

    return Handler
