"""A server that speaks as providers do, and answers each call as it is told: whole, cut, late, refused."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Says:
    """What the server does: a status with headers, events one after the other, then the end, a cut or a wait."""

    events: Sequence[Body | str] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Body | str | None = None
    ends: str = "end"


def openai(*words: str, finish: str | None = "stop", calls: Sequence[Body] = (), ends: str = "end") -> Says:
    """Return a stream of chat completions."""
    said: list[Body | str] = [{"choices": [{"delta": {"content": word}}]} for word in words]
    said += [{"choices": [{"delta": {"tool_calls": [call]}}]} for call in calls]
    if finish:
        said.append({"choices": [{"delta": {}, "finish_reason": finish}]})
        said += [{"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": len(words)}}, "[DONE]"]
    return Says(said, ends=ends)


def anthropic(*words: str, stop: str | None = "end_turn", calls: Sequence[Body] = (), ends: str = "end") -> Says:
    """Return a stream of messages."""
    said: list[Body | str] = [{"type": "message_start", "message": {"usage": {"input_tokens": 7, "output_tokens": 1}}}]
    if words:
        said.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for word in words:
        said.append({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}})
    for at, call in enumerate(calls, 1):
        block = {"type": "tool_use", "id": call["id"], "name": call["name"], "input": {}}
        said.append({"type": "content_block_start", "index": at, "content_block": block})
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call["arguments"])}
        said.append({"type": "content_block_delta", "index": at, "delta": delta})
    if stop:
        used = {"output_tokens": len(words)}
        said += [{"type": "message_delta", "delta": {"stop_reason": stop}, "usage": used}, {"type": "message_stop"}]
    return Says(said, ends=ends)


def refused(status: int, message: str = "no", **headers: str) -> Says:
    """Return a refusal."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Says(status=status, headers=named, body={"error": {"message": message}})


@dataclass
class Provider:
    """A context manager; answers are taken in turn, the last one for ever. `asked` is what was sent."""

    answers: list[Says]
    asked: list[Body] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __enter__(self) -> "Provider":
        self.waiting, self.go_on = threading.Event(), threading.Event()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                provider.asked.append(body)
                provider.paths.append(self.path)
                provider.headers.append({name.lower(): value for name, value in self.headers.items()})
                says = provider.answers[min(len(provider.asked), len(provider.answers)) - 1]
                self.answer(says)

            def answer(self, says: Says) -> None:
                self.send_response(says.status)
                if says.body is not None:
                    content = (says.body if isinstance(says.body, str) else json.dumps(says.body)).encode()
                    for name, value in {"Content-Length": str(len(content)), **says.headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)
                    return
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for chunk in _chunks(says):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
                if says.ends == "wait":
                    provider.waiting.set()
                    provider.go_on.wait(60)
                if says.ends != "cut":
                    self.wfile.write(b"0\r\n\r\n")
                self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


def _chunks(says: Says) -> Iterator[bytes]:
    for event in says.events:
        data = event if isinstance(event, str) else json.dumps(event)
        name = f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
        yield f"{name}data: {data}\n\n".encode()
