"""The links of a flow as the dialog of its sharing shows them, and what its forms ask of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from flows.access import Role
from flows.commands import LinkChange
from flows.commands.links import ROLES, UNCHANGED, is_over, links_of, secret_of
from flows.document import Reason, Rejected
from flows.errors import FlowReason
from flows.parsing import parse_role

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DAY = 86_400
LIFETIMES: "Final[tuple[tuple[str, StrOrPromise], ...]]" = (
    ("", _("No expiry")),
    (str(3_600), _("1 hour")),
    (str(DAY), _("1 day")),
    (str(7 * DAY), _("7 days")),
    (str(30 * DAY), _("30 days")),
)
"""How long a link can be made to last: seconds, and how that is called."""
LONGEST_NAME = 150
LONGEST_PASSWORD = 1_024


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as its owners see it; `url` is empty where the key that its secret was sealed by is gone."""

    id: UUID
    url: str
    role: Role
    name: str
    expires_at: datetime | None
    has_password: bool
    is_active: bool
    is_over: bool
    uses: int
    made_by: str


@dataclass(frozen=True, slots=True)
class NewLinkForm:
    """What a form asks a new link to be."""

    role: Role
    name: str
    expires_in: int | None
    password: str


def links_in(request: HttpRequest, flow_id: UUID) -> list[LinkRow]:
    """Return a flow's links in the order in which they were made, with their whole addresses."""
    return [
        LinkRow(
            id=link.pk,
            url=_address(request, secret_of(link)),
            role=Role(link.role),
            name=link.name,
            expires_at=link.expires_at,
            has_password=bool(link.password),
            is_active=link.is_active,
            is_over=is_over(link),
            uses=link.uses,
            made_by="" if link.created_by is None else link.created_by.name,
        )
        for link in links_of(flow_id)
    ]


def read_new_link(form: Mapping[str, str]) -> NewLinkForm:
    """Read the form for a new link. Raises `Rejected`."""
    return NewLinkForm(
        role=_role(form),
        name=_text(form, "name", LONGEST_NAME),
        expires_in=_seconds(form.get("expires_in", "")),
        password=_text(form, "password", LONGEST_PASSWORD),
    )


def read_change(form: Mapping[str, str]) -> LinkChange:
    """Read what is to become of a link: on or off, or its role, time and password. Raises `Rejected`."""
    if "switch" in form:
        return LinkChange(is_active=bool(form.get("active")))
    expires, password = form.get("expires_in", "keep"), _text(form, "password", LONGEST_PASSWORD)
    return LinkChange(
        role=_role(form),
        expires_in=UNCHANGED if expires == "keep" else _seconds(expires),
        password="" if form.get("no_password") else password or UNCHANGED,
    )


def _address(request: HttpRequest, secret: str | None) -> str:
    return request.build_absolute_uri(reverse("flows:enter", args=[secret])) if secret else ""


def _role(form: Mapping[str, str]) -> Role:
    role = parse_role(form.get("role", ""))
    if role not in ROLES:
        raise Rejected("invalid", FlowReason.UNKNOWN_ROLE, roles=ROLES)
    return role


def _text(form: Mapping[str, str], name: str, most: int) -> str:
    text = form.get(name, "").replace("\0", "")
    if len(text) > most:
        raise Rejected("invalid", Reason.TOO_LONG, name=name, most=most)
    return text.strip() if name == "name" else text


def _seconds(text: str) -> int | None:
    if text not in dict(LIFETIMES):
        choices = tuple(seconds for seconds, _called in LIFETIMES)
        raise Rejected("invalid", Reason.NOT_A_CHOICE, name="expires_in", choices=choices)
    return int(text) if text else None
