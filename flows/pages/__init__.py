"""Pages of the library and the editor, and the fragments htmx asks for.

Every view of a flow goes through `decorators.flow_view`, the one place that asks for the role and turns the errors of a
flow into a page. Views write through `flows.commands` alone.
"""

from flows.pages.editor import canvas, editor, layout
from flows.pages.inspector import inspector, inspectors
from flows.pages.library import create, delete, duplicate, library, rename, restore
from flows.pages.members import member, members
from flows.pages.offline import offline, worker

__all__ = [
    "canvas",
    "create",
    "delete",
    "duplicate",
    "editor",
    "inspector",
    "inspectors",
    "layout",
    "library",
    "member",
    "members",
    "offline",
    "rename",
    "restore",
    "worker",
]
