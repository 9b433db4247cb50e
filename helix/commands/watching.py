"""`helix flows watch`: each version as it is made, in order, none left out.

Against a server by its GraphQL subscription, taken up again where it broke off; on this machine by reading the log.
"""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson

from helix.commands.api import Api, CommandError, path_of

QUERY = """subscription ($id: ID!, $since: Int) {
  flowChanged(id: $id, since: $since) { version actor { id name } via operation createdAt }
}"""
LOOK_SECONDS = 1.0
AGAIN_SECONDS = (0.5, 1, 2, 5, 10)
FINAL = {4401: "The access token is not valid or has expired.", 4403: "You no longer have access to this flow."}
FINAL |= {4404: "This flow is gone.", 4400: "The server does not understand this release of helix."}


def changes(api: Api, flow: str, since: int | None) -> Iterator[dict[str, Any]]:
    """Yield each version after `since`, or after now, without end. Raises `CommandError`."""
    at = api.json("GET", path_of(flow))["version"] if since is None else since
    follow = _by_socket if api.socket_url else _by_log
    yield from follow(api, flow, at)


def _by_log(api: Api, flow: str, at: int) -> Iterator[dict[str, Any]]:
    while True:
        part = api.json("GET", path_of(flow, "changes"), params={"since": at})
        for change in part["items"]:
            at = change["version"]
            yield change
        if at >= part["version"]:
            time.sleep(LOOK_SECONDS)


def _by_socket(api: Api, flow: str, at: int) -> Iterator[dict[str, Any]]:
    failed = 0
    while True:
        try:
            for change in _connected(api, flow, at):
                failed = 0
                if change is not None:
                    at = change["version"]
                    yield change
        except OSError as lost:
            if failed >= len(AGAIN_SECONDS):
                raise CommandError(f"The connection is lost: {lost or type(lost).__name__}.") from None
        time.sleep(AGAIN_SECONDS[min(failed, len(AGAIN_SECONDS) - 1)])
        failed += 1


def _connected(api: Api, flow: str, at: int) -> Iterator[dict[str, Any] | None]:
    """Yield None once there is a connection, then versions, until it ends for a reason that passes."""
    from websockets.exceptions import ConnectionClosed, InvalidHandshake
    from websockets.sync.client import connect
    from websockets.typing import Subprotocol

    subscribe = {"query": QUERY, "variables": {"id": flow, "since": at}}
    try:
        with connect(
            api.socket_url, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None, close_timeout=1
        ) as socket:
            begin = {"type": "connection_init", "payload": {"Authorization": f"Bearer {api.token}"}}
            socket.send(orjson.dumps(begin).decode())
            for text in socket:
                message = orjson.loads(text)
                match message["type"]:
                    case "connection_ack":
                        body = {"id": uuid4().hex, "type": "subscribe", "payload": subscribe}
                        socket.send(orjson.dumps(body).decode())
                        yield None
                    case "ping":
                        socket.send('{"type":"pong"}')
                    case "next":
                        yield _change(message["payload"])
                    case "error":
                        raise CommandError(str(message["payload"][0]["message"]))
                    case "complete":
                        return
    except ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd else 1006
        if code in FINAL:
            raise CommandError(FINAL[code]) from None
        raise OSError(f"closed with {code}") from None
    except InvalidHandshake as refused:
        raise OSError(str(refused)) from None


def _change(payload: dict[str, Any]) -> dict[str, Any]:
    if errors := payload.get("errors"):
        raise CommandError(str(errors[0]["message"]))
    told = payload["data"]["flowChanged"]
    return {**{name: told[name] for name in ("version", "actor", "via", "operation")}, "created_at": told["createdAt"]}
