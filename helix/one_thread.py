"""Keeps one request in one thread.

Under ASGI Django would run every middleware on the event loop and hop to a thread and back for each part of it that is
synchronous, two dozen times a request. A last middleware that is synchronous only makes the whole chain so: one hop in,
one out (measured: a third of the time). Asynchronous views still run on the event loop.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_only_middleware


@sync_only_middleware
def one_thread(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Pass everything on, synchronously."""
    return get_response
