"""Pages of the library and the editor, and the fragments htmx asks for.

Every view of a flow goes through `doors.flow_view`, the one place that asks for the role and turns what a flow may fail
with into a page. Views write through `flows.commands` alone and publish after it returned.
"""

from flows.views.editor import canvas, editor, layout
from flows.views.inspector import inspector, inspectors
from flows.views.library import create, delete, duplicate, library, rename, restore
from flows.views.offline import offline, worker
from flows.views.sharing import member, members

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
