"""What every page of the admin here has in common: it may only read, or it may be refused."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.authentication import person
from accounts.principals import Administrator
from flows.document import Rejected
from flows.errors import FlowError
from flows.sentences import sentence
from web.write_transaction import write_transaction


class Unwritten(Exception):  # noqa: N818
    """A submission was answered with a refusal."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


REFUSALS = (Rejected, FlowError, Unwritten)


class ReadOnly:
    """Never added, changed or deleted here."""

    def has_add_permission(self, *_: object) -> bool:
        """Never."""
        return False

    def has_change_permission(self, *_: object) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, *_: object) -> bool:
        """Never."""
        return False


class Refusable:
    """A refusal is a message on the page; what the same request had written is rolled back."""

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """List them, or run an action on the chosen ones, or say why not."""
        return guarded(request, lambda: super(Refusable, self).changelist_view(request, *args, **kwargs))  # type: ignore[misc]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Add or change one, or say why not."""
        return guarded(request, lambda: super(Refusable, self).changeform_view(request, *args, **kwargs))  # type: ignore[misc]

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Delete one, or say why not."""
        return guarded(request, lambda: super(Refusable, self).delete_view(request, *args, **kwargs))  # type: ignore[misc]

    def get_deleted_objects(self, objs: Iterable[models.Model], request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Name only what is deleted: nothing hangs on it, for no row goes by cascade."""
        named = [str(one) for one in objs]
        return named, {str(self.opts.verbose_name_plural): len(named)}, set(), []  # type: ignore[attr-defined]


def administrator(request: HttpRequest) -> Administrator:
    """Return who acts."""
    return Administrator(person(request).pk)


def guarded(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer with the view, all or nothing; when a command refuses, with the reason as a message.

    Reading takes no lock: SQLite has one for all flows.
    """
    try:
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return view()
        with write_transaction():
            return view()
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal) if isinstance(refusal, Rejected) else refusal.message)
        return HttpResponseRedirect(request.get_full_path())
