"""A real HTTP server on 127.0.0.1 that can be told to misbehave, answer by answer."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Answer:
    """One answer; the defaults are those of a well-behaved server."""

    status: int = 200
    """Anything but 200 is sent without a body."""
    drop_after: int | None = None
    """Close the connection after so many bytes of the body."""
    ranges: bool = True
    """Heed Range and If-Range."""
    if_range: bool = True
    """Heed If-Range; without it a changed file is spliced."""
    shift: int = 0
    """Send a part that begins so many bytes later than asked."""
    bytes_per_second: int | None = None
    length: bool = True
    """Send Content-Length."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent beside the others."""


@dataclass
class FileServer:
    """Serves `files` by path; each answer in `script` is used once, then all are well behaved."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    script: list[Answer] = field(default_factory=list)
    etags: bool = True
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range header of each request."""
    sent: int = 0
    """Bytes of bodies, all in all."""


def _handler(server: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = server.script.pop(0) if server.script else Answer()
            server.requests.append((self.path, self.headers["Range"]))
            body = server.files.get(self.path)
            if body is None or answer.status != 200:
                self.send_response(404 if body is None else answer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self._send(body, answer)

        def _send(self, body: bytes, answer: Answer) -> None:
            etag = f'"{hashlib.sha256(body).hexdigest()[:8]}"'
            start = self._start(etag, answer) + answer.shift
            self.send_response(206 if start else 200)
            if server.etags:
                self.send_header("ETag", etag)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if answer.length:
                self.send_header("Content-Length", str(len(body) - start))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self._write(body[start:][: answer.drop_after], answer.bytes_per_second)

        def _start(self, etag: str, answer: Answer) -> int:
            asked = self.headers["Range"]
            fresh = self.headers["If-Range"] == etag or not answer.if_range
            if asked is None or not answer.ranges or not fresh:
                return 0
            return int(asked.removeprefix("bytes=").removesuffix("-"))

        def _write(self, body: bytes, bytes_per_second: int | None) -> None:
            step = (bytes_per_second or len(body) * 10) // 10 + 1
            for start in range(0, len(body), step):
                server.sent += self.wfile.write(body[start : start + step])
                if bytes_per_second:
                    time.sleep(0.1)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass  # a killed client breaks its connection, as the test wants


@contextmanager
def serve_files() -> Iterator[FileServer]:
    """Run a server for the length of the block."""
    server = FileServer()
    with _QuietServer(("127.0.0.1", 0), _handler(server)) as http:
        server.url = f"http://127.0.0.1:{http.server_address[1]}"
        Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        http.shutdown()
