"""The router that every app's REST calls are declared on: what may be asked by GET may be asked by HEAD.

HEAD answers what GET does; the server leaves the body away. It is not described a second time: `helix.api` keeps it out
of the schema. What a call asks of tokens and guests stands with it (`door`); `accounts.scopes` holds callers to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import ninja
from ninja.utils import normalize_path, replace_path_param_notation

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Door:
    """What a call asks of tokens and guests beyond what its method and address say.

    `scope` is the scope it needs. One that `reaches_out` does more than its flow's own, though a flow stands in its
    address. One that is `harmless` is also for tokens of one flow, though no flow stands in its address.
    """

    scope: Literal["read", "write", "admin"] | None = None
    reaches_out: bool = False
    harmless: bool = False


ORDINARY = Door()
_doors: dict[tuple[str, str], Door] = {}


def door(
    *, scope: Literal["read", "write", "admin"] | None = None, reaches_out: bool = False, harmless: bool = False
) -> Callable[[F], F]:
    """Say what a call asks of tokens and guests; stands right above the function."""

    def declare(view: F) -> F:
        view.door = Door(scope, reaches_out, harmless)  # type: ignore[attr-defined]
        return view

    return declare


def door_of(method: str, route: str) -> Door:
    """Return what a call asks; `route` is Django's, below the API's own address."""
    return _doors.get((method, route), ORDINARY)


class Router(ninja.Router):
    """A router whose reading calls have both methods."""

    def add_api_operation(self, path: str, methods: list[str], view_func: Callable[..., Any], **options: Any) -> None:
        """Declare a call; `Allow` names HEAD beside GET."""
        methods = [*methods, "HEAD"] if "GET" in methods else methods
        route = replace_path_param_notation(normalize_path(path).lstrip("/"))
        for method in methods:
            _doors[method, route] = getattr(view_func, "door", ORDINARY)
        super().add_api_operation(path, methods, view_func, **options)
