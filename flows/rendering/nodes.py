"""The markup of a node of any kind. It also carries what only the inspector shows: a form is filled from it."""

from functools import lru_cache

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from flows.document import KINDS, Kind, Node, Ports, canonical_json, ports_of
from flows.rendering.captions import footer, second_line
from flows.rendering.collapsed import is_collapsed
from flows.rendering.fragment_cache import cached_by_language
from flows.rendering.markup import EMPTY, SPOKEN_LABEL, flag
from flows.rendering.notes import note_html
from flows.titles import kind_title

PORTS = 1_024
LANGUAGES = 16
LONG_LABEL = 24


@cached_by_language
def node_html(node: Node, members: int = 0) -> SafeString:
    """Render a node; `members` is how many children a group has."""
    return format_html(
        '<helix-node id="n-{id}" data-node-id="{id}" data-kind="{kind}" data-x="{x}" data-y="{y}" data-width="{width}"'
        ' data-height="{height}" data-parent="{parent}" data-label="{label}"{content}{colour}{state} role="group"'
        ' aria-label="{name}" tabindex="-1">{body}{ports}</helix-node>',
        id=node.id,
        kind=node.kind,
        x=node.x,
        y=node.y,
        width=node.width,
        height=node.height,
        parent=node.parent or "",
        label=node.label,
        content=_content(node),
        colour=_colour(node),
        state=_state(node),
        name=spoken_name(node),
        body=_body(node, members),
        ports=_ports(ports_of(node), node.kind == "decision"),
    )


def blanks() -> tuple[tuple[str, SafeString], ...]:
    """Render a fresh node of each kind, for scripts to clone, in the reader's language."""
    return _blanks(get_language())


@lru_cache(LANGUAGES)
def _blanks(language: str | None) -> tuple[tuple[str, SafeString], ...]:
    return tuple((kind.name, node_html(fresh(kind))) for kind in KINDS.values())


def fresh(kind: Kind) -> Node:
    """Return what a kind is before anybody has touched it."""
    return Node("new", kind.name, 0, 0, kind.width, kind.height, kind.title, "", kind.colour, None, True, {})


def spoken_name(node: Node) -> str:
    """Describe a node for people who cannot see it: label, kind, and whether it is off or collapsed."""
    parts = [node.label[:SPOKEN_LABEL], kind_title(KINDS[node.kind])]
    state = ("" if node.enabled else gettext("off"), gettext("collapsed") if is_collapsed(node) else "")
    return ", ".join(part for part in (*parts, *state) if part)


def _content(node: Node) -> SafeString:
    """Tell description and settings, where there are any.

    JSON is full of double quotes, each five bytes longer when escaped: so its attribute stands in single ones, and
    only they are escaped.
    """
    description = format_html(' data-description="{}"', node.description) if node.description else EMPTY
    if not node.settings:
        return description
    settings = escape(canonical_json(dict(node.settings))).replace("&quot;", '"')
    return SafeString(f"{description} data-settings='{settings}'")


def _colour(node: Node) -> SafeString:
    own = node.colour.lower() != KINDS[node.kind].colour
    return format_html(' data-colour="{}"', node.colour) if own else EMPTY


def _state(node: Node) -> SafeString:
    disabled = flag("data-disabled", not node.enabled)
    collapsed = flag("data-collapsed", is_collapsed(node))
    return format_html("{}{}", disabled, collapsed)


def _body(node: Node, members: int) -> SafeString:
    if node.kind == "group":
        return format_html(
            '{}<button class="group-toggle" type="button" data-command="collapse" tabindex="-1" aria-expanded="{}"'
            ' aria-label="{}"></button><span class="node-count" data-count="{}" translate="no">{}</span>',
            _label(node),
            "false" if is_collapsed(node) else "true",
            gettext("Members"),
            members,
            members,
        )
    if node.kind == "note":
        text = node.settings.get("text")
        return format_html(
            '{}<div class="note-text" dir="auto" translate="no" hx-ignore>{}</div>',
            _label(node),
            note_html(text if isinstance(text, str) else ""),
        )
    return format_html(
        '<span class="node-head"><span class="chip chip-{}"></span><span class="node-text">{}'
        '<span class="node-second" dir="auto">{}</span></span></span>{}',
        node.kind,
        _label(node),
        second_line(node),
        _footer(node),
    )


def _label(node: Node) -> SafeString:
    if len(node.label) > LONG_LABEL:
        return format_html(
            '<span class="node-label" data-node-label dir="auto" translate="no" title="{}">{}</span>',
            node.label,
            node.label,
        )
    return format_html('<span class="node-label" data-node-label dir="auto" translate="no">{}</span>', node.label)


def _footer(node: Node) -> SafeString:
    values = footer(node)
    return (
        format_html('<span class="node-footer"><span dir="auto">{}</span><span>{}</span></span>', *values)
        if values
        else EMPTY
    )


@lru_cache(PORTS)
def _ports(ports: Ports, is_decision: bool) -> SafeString:
    row = '<span class="port" data-port="{}" data-direction="in"></span>'
    inputs = format_html_join("", row, ((name,) for name in ports.inputs))
    if len(ports.outputs) < 2 and not is_decision:
        row = '<span class="port" data-port="{}" data-direction="out"></span>'
        return format_html("{}{}", inputs, format_html_join("", row, ((name,) for name in ports.outputs)))
    row = (
        '<span class="branch"><span class="branch-name" dir="auto" translate="no">{}</span>'
        '<span class="port" data-port="{}" data-direction="out" title="{}"></span></span>'
    )
    rows = format_html_join("", row, ((name, name, name) for name in ports.outputs))
    return format_html('{}<span class="branches">{}</span>', inputs, rows)
