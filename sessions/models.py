"""What the admin lists as live. No table: it is the flows that somebody has open, whichever process they are in."""

from django.utils.translation import gettext_lazy as _

from flows.models import Flow


class LiveFlow(Flow):
    """A flow that is being edited now."""

    class Meta:
        proxy = True
        verbose_name = _("live session")
        verbose_name_plural = _("live sessions")
