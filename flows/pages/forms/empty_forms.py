"""The inspector's forms without anything in them: one per kind, for an edge, for several nodes and for the flow.

Scripts fill them with what the page knows already, so selecting needs no request and works offline. The templates are
those of the forms themselves. They hold nothing personal, and one stamp says which ones they are, so a browser fetches
them once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from flows import limits as helix_limits
from flows.document import KINDS, Edge, FlowProperties, Node, canonical_json
from flows.limits import Limits
from flows.pages import forms
from flows.pages.forms.script_texts import FIELD_WORDS
from flows.rendering import fresh
from flows.titles import kind_title

LANGUAGES = 16


@dataclass(frozen=True, slots=True)
class EmptyForms:
    """All of them as one string of templates, and the stamp that changes when they do."""

    html: SafeString
    stamp: str


def empty_forms() -> EmptyForms:
    """Return the forms in the reader's language, as editors see them."""
    return _rendered(get_language() or "", helix_limits.current())


def empty_forms_url() -> str:
    """Return the address that the forms have as long as they are the same."""
    return f"{reverse('flows:inspectors')}?v={empty_forms().stamp}"


@lru_cache(LANGUAGES)
def _rendered(language: str, limits: Limits) -> EmptyForms:
    forms = format_html_join("\n", '<template data-blank-form="{}">{}</template>', _forms(limits))
    html = format_html("{}\n{}", forms, _for_scripts())
    return EmptyForms(html, sha256(html.encode()).hexdigest()[:16])


def _forms(limits: Limits) -> Iterator[tuple[str, SafeString]]:
    for kind in KINDS.values():
        node = fresh(kind)
        sections = *forms.node_sections(node, limits), forms.position_section(node)
        yield kind.name, _form("node", sections, node=node, kind_title=kind_title(kind), **_common([node]))
    yield "nodes", _form("nodes", (), nodes=(), **_common([]))
    yield "edge", _form("edge", forms.edge_sections(Edge("", "", ""), limits))
    yield "flow", _form("flow", forms.flow_sections(FlowProperties(), limits))


def _for_scripts() -> SafeString:
    """Return the sheet and the words of what scripts make of the fields."""
    words = {name: str(word) for name, word in FIELD_WORDS.items()}
    sheet = static("css/fields.css")
    return format_html('<template data-form-words="{}" data-form-sheet="{}"></template>', canonical_json(words), sheet)


def _form(what: str, sections: tuple[forms.Section, ...], **more: Any) -> SafeString:
    return render_to_string(f"flows/_inspect_{what}.html", {"can_edit": True, "sections": sections, **more})


def _common(nodes: list[Node]) -> dict[str, Any]:
    return {"all_enabled": True, "swatches": forms.swatches(nodes)}
