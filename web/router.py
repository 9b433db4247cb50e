"""The router that every app's REST calls are declared on: what may be asked by GET may be asked by HEAD.

HEAD answers what GET does; the server leaves the body away. It is not described a second time: `helix.api` keeps it out
of the schema.
"""

from collections.abc import Callable
from typing import Any

import ninja


class Router(ninja.Router):
    """A router whose reading calls have both methods."""

    def add_api_operation(self, path: str, methods: list[str], view_func: Callable[..., Any], **options: Any) -> None:
        """Declare a call; `Allow` names HEAD beside GET."""
        methods = [*methods, "HEAD"] if "GET" in methods else methods
        super().add_api_operation(path, methods, view_func, **options)
