"""Links to a flow: made, changed, switched off and deleted by owners, in the dialog of its sharing."""

from functools import partial
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from flows import commands
from flows.access import Access, Role
from flows.document import Rejected
from flows.errors import FlowReason
from flows.pages.decorators import PageRequest, flow_view, principal
from flows.pages.link_forms import read_change, read_new_link
from flows.pages.members import attempt
from flows.pages.share_dialog import Said
from web.row_ids import read_row_id


@require_POST
@flow_view(Role.OWNER)
def links(request: PageRequest, access: Access) -> HttpResponse:
    """Create a link, or switch off all links of a person."""
    if "made_by" in request.POST:
        return attempt(request, access, partial(_switch_off, request, access), focus="new-link")

    def create() -> Said:
        wanted = read_new_link(request.POST)
        made = commands.create_link(
            principal(request),
            access.flow.pk,
            role=wanted.role,
            name=wanted.name,
            expires_in=wanted.expires_in,
            password=wanted.password,
        )
        return Said(done=_("Link created."), focus=f"copy-{made.pk}")

    return attempt(request, access, create, focus="new-link", opened="new-link")


@require_POST
@flow_view(Role.OWNER)
def link(request: PageRequest, access: Access, link_id: UUID) -> HttpResponse:
    """Switch a link on or off, change or delete it."""

    def change() -> Said:
        if request.POST.get("remove"):
            commands.delete_link(principal(request), access.flow.pk, link_id)
            return Said(done=_("Link deleted."), focus="new-link")
        wanted = read_change(request.POST)
        commands.change_link(principal(request), access.flow.pk, link_id, wanted)
        if wanted.is_active is not None:
            done = _("Link switched on.") if wanted.is_active else _("Link switched off.")
            return Said(done=done, focus=f"switch-{link_id}")
        return Said(done=_("Saved."), focus=f"edit-{link_id}")

    return attempt(request, access, change, focus=f"edit-{link_id}", opened=str(link_id))


def _switch_off(request: PageRequest, access: Access) -> Said:
    """Switch off all links of the person who is named."""
    made_by = read_row_id(request.POST.get("made_by", ""))
    if made_by is None:
        raise Rejected("invalid", FlowReason.UNKNOWN_PERSON)
    count = commands.switch_off_links_of(principal(request), access.flow.pk, made_by)
    done = ngettext("%(count)d link switched off.", "%(count)d links switched off.", count) % {"count": count}
    return Said(done=done, focus="new-link")
