"""A real HTTP server that keeps what it is sent, and answers as it is told."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A context manager; `answer` gives status and headers for a path, `arrived` waits for the next request.

    `answer_keyed`, where there is one, gives them for a path and an `Idempotency-Key`.
    """

    answer: Callable[[str], tuple[int, dict[str, str], bytes]] = lambda path: (200, {}, b"ok")
    received: list[Received] = field(default_factory=list)
    patience: float = 60.0
    answer_keyed: Callable[[str, str], tuple[int, dict[str, str], bytes]] | None = None

    def __enter__(self) -> "Receiver":
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                held = {name.lower(): value for name, value in self.headers.items()}
                if receiver.answer_keyed is None:
                    status, headers, content = receiver.answer(self.path)
                else:
                    status, headers, content = receiver.answer_keyed(self.path, held.get("idempotency-key", ""))
                with receiver._changed:
                    receiver.received.append(Received(self.path, held, body))
                    receiver._changed.notify_all()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815  (the library calls it so)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def arrived(self, count: int) -> list[Received]:
        """Return what was received once it is at least `count`."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count, self.patience), self.received
            return list(self.received)
