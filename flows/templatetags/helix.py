"""What every template of ours may draw: icons, kind chips, avatars, and links to hashed files."""

from functools import cache

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import User
from flows.actors import guest_key
from web import deferred_translation, release

register = template.Library()
SPRITE = "vendor/lucide-static-1.62.0/sprite.svg"


@register.filter
def said(text: str) -> str:
    """Return a kept sentence in the language of the reader."""
    return deferred_translation.said(text)


@register.simple_tag
@cache
def icon_sheet() -> str:
    """Return the address of the icon sprite, for scripts too; it is asked for hundreds of times in a page."""
    return static(SPRITE)


@register.simple_tag
def worker() -> str:
    """Return the service worker's address; empty if there is no worker."""
    return reverse("flows:worker") if release.name() else ""


@register.simple_tag
def module_preloads(*entries: str) -> SafeString:
    """Link modules and all they import, so that the browser asks for them at once and not level by level."""
    modules = release.modules.__wrapped__ if settings.DEBUG else release.modules
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', ((address,) for address in modules(*entries)))


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """Return the languages on offer, each under its own name."""
    return settings.LANGUAGES


@register.simple_tag
@cache
def icon(name: str, size: str = "") -> SafeString:
    """Draw an icon that says nothing to a screen reader; `size` is "small" for 14 px, "large" for 20."""
    kind = f"icon icon-{size}" if size else "icon"
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', kind, icon_sheet(), name)


@register.simple_tag
def chip(kind: str) -> SafeString:
    """Draw a kind's chip: its icon on its tint."""
    return format_html('<span class="chip chip-{}"></span>', kind)


@register.filter
def known_as(person: User) -> str:
    """Return what scripts know a person by: the id, or for a guest their key."""
    return f"guest-{guest_key(person.pk)}" if person.is_guest else str(person.pk)


@register.simple_tag
def avatar(name: str, colour: str, size: str = "") -> SafeString:
    """Draw a person's initial in their colour."""
    kind = f"avatar avatar-{size}" if size else "avatar"
    initial = name.strip()[:1].upper() or "?"
    return format_html('<span class="{}" data-person-colour="{}" aria-hidden="true">{}</span>', kind, colour, initial)
