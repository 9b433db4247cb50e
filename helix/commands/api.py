"""The REST API as commands use it: over the network with a token, or to this process (`local`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

PATIENCE = 120.0
"""Seconds: a picture of ten thousand nodes takes a while."""
PAGE = 100


class CommandError(Exception):
    """A command cannot go on; `message` is one sentence, `code` the API's, `status` the exit status."""

    def __init__(self, message: str, *, code: str = "", status: int = 1) -> None:
        super().__init__(message)
        self.message, self.code, self.status = message, code, status


@dataclass(slots=True)
class Api:
    """Calls the API. `socket_url` and `token` are for following changes; without them the log is read again."""

    client: httpx.Client
    socket_url: str = ""
    token: str = ""

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Make one call. Raises `CommandError` for every failure, with the server's own sentence."""
        try:
            answer = self.client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise CommandError(f"Cannot reach {self.client.base_url.host}: {error or type(error).__name__}.") from None
        if answer.is_success:
            return answer
        raise _failure(answer)

    def json(self, method: str, path: str, **options: Any) -> Any:
        """Make one call and return what it answers."""
        answer = self.call(method, path, **options)
        try:
            return answer.json()
        except ValueError:
            raise CommandError(f"{self.client.base_url.host} does not answer as Helix does.") from None

    def flows(self) -> Iterator[dict[str, Any]]:
        """Yield all flows of the caller, the last changed first."""
        offset = 0
        while True:
            page = self.json("GET", "/flows", params={"limit": PAGE, "offset": offset})
            yield from page["items"]
            offset += PAGE
            if offset >= page["count"]:
                return

    def find(self, name: str) -> str:
        """Return the id of the flow that is called by its id, the beginning of it, or its exact title."""
        digits = name.replace("-", "").lower()
        is_id = bool(digits) and not set(digits) - set("0123456789abcdef")
        if is_id and len(digits) == 32:
            return digits
        known = {flow["id"]: flow["title"] for flow in self.flows()}
        found = [id for id, title in known.items() if title == name]
        if not found and is_id:
            found = [id for id in known if id.replace("-", "").startswith(digits)]
        if len(found) == 1:
            return str(found[0])
        if not found:
            raise CommandError(f"There is no flow {name!r}.", code="not_found")
        listed = ", ".join(sorted(found)[:5])
        raise CommandError(f"{len(found)} flows are called {name!r}: {listed}. Give more of the id.")


def over_network(url: str, token: str) -> Api:
    """Return the API of a server. Raises `CommandError` for an address that is none."""
    parts = urlsplit(url if "//" in url else f"https://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CommandError(f"{url} is no address of a server.", status=2)
    if not token:
        raise CommandError("Give an access token with --token or HELIX_TOKEN.", status=2)
    if not token.isascii() or not token.isprintable():
        raise CommandError("This is no access token.", status=2)
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    client = httpx.Client(
        base_url=f"{base}/api/v1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE,
        follow_redirects=False,
    )
    return Api(client, f"ws{base.removeprefix('http')}/ws/graphql", token)


def path_of(flow: str, *parts: str) -> str:
    """Return the path of a flow, or of something of it."""
    return "/" + "/".join(quote(part, safe="") for part in ("flows", flow, *parts))


def _failure(answer: httpx.Response) -> CommandError:
    try:
        body = answer.json()
        code, message, detail = str(body["code"]), str(body["message"]), body.get("detail")
    except (ValueError, KeyError, TypeError, AttributeError):
        return CommandError(f"The server answers {answer.status_code} {answer.reason_phrase}.")
    if isinstance(detail, dict) and "line" in detail:
        message = f"line {detail['line']}: {message}"
    return CommandError(message, code=code)
