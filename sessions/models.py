"""What the admin lists as live. There is no table: these are the flows that are open in any process."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from flows.models import Flow

if TYPE_CHECKING:
    from sessions.queries import ListedSession


class LiveFlow(Flow):
    """A flow that is being edited now; `live` says by whom."""

    live: "ListedSession"

    class Meta:
        proxy = True
        verbose_name = _("live session")
        verbose_name_plural = _("live sessions")
