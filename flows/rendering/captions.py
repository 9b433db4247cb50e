"""What a node says below its label: what it will do, in a few words, from its settings, in the reader's language.

A rule is given the settings named with it and no others: so a browser that has an edit on its way knows, without
knowing the rule, whether a line may read differently once the edit is saved.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from flows.document import KINDS, Node
from flows.titles import choice_title, kind_title

FOOTER_HEIGHT = 80


def second_line(node: Node) -> str:
    """Say what the node will do, or else its kind. A disabled node says that it is off."""
    if not node.enabled:
        return _("Off")
    line = _LINES.get(node.kind)
    return (line.read(node.settings) if line else "") or kind_title(KINDS[node.kind])


def has_footer(node: Node) -> bool:
    """Tell whether a node has a foot: an agent that is high enough."""
    return node.kind == "agent" and node.height >= FOOTER_HEIGHT


def footer(node: Node) -> tuple[str, str] | None:
    """Return what stands left and right at a node's foot, None if it has none."""
    if not has_footer(node):
        return None
    model, temperature = (node.settings.get(name) for name in _FOOTER)
    default = KINDS["agent"].by_name["temperature"].default
    return str(model or _("Choose a model")), str(localize(default if temperature is None else temperature))


def second_line_settings(kind: str) -> tuple[str, ...]:
    """Return the settings that a node's second line is made of."""
    return _LINES[kind].settings if kind in _LINES else ()


def footer_settings(kind: str) -> tuple[str, ...]:
    """Return the settings that stand at a node's foot."""
    return _FOOTER if kind == "agent" else ()


def _sensor(settings: Mapping[str, object]) -> str:
    interval = settings.get("interval_ms")
    if settings.get("source") == "polling" and isinstance(interval, int) and interval > 0:
        return _("Every {duration}").format(duration=_duration(interval))
    return _choice("sensor", "source", settings)


def _skill(settings: Mapping[str, object]) -> str:
    retries = settings.get("retry_count")
    return _("Retry {count}×").format(count=retries) if retries else _text(settings, "name")


def _memory(settings: Mapping[str, object]) -> str:
    return _choice("memory", "type", settings)


def _decision(settings: Mapping[str, object]) -> str:
    expression = _text(settings, "expression").strip()
    return (
        _("By {expression}").format(expression=expression)
        if expression.isidentifier()
        else expression.partition("\n")[0]
    )


def _loop(settings: Mapping[str, object]) -> str:
    most = settings.get("max_iterations")
    return _("At most {count}").format(count=most) if most else _choice("loop", "type", settings)


def _transform(settings: Mapping[str, object]) -> str:
    return _choice("transform", "type", settings)


def _input(settings: Mapping[str, object]) -> str:
    fields = settings.get("fields")
    if isinstance(fields, (list, dict)) and fields:
        return ngettext("{count} field", "{count} fields", len(fields)).format(count=len(fields))
    return _choice("input", "type", settings)


def _output(settings: Mapping[str, object]) -> str:
    if _text(settings, "webhook_url"):
        return _("Webhook")
    destinations = settings.get("destinations")
    if isinstance(destinations, list) and destinations and isinstance(destinations[0], str):
        count = len(destinations)
        return (
            destinations[0]
            if count == 1
            else ngettext("{count} destination", "{count} destinations", count).format(count=count)
        )
    return _text(settings, "file_path") or _choice("output", "type", settings)


def _api(settings: Mapping[str, object]) -> str:
    url = _text(settings, "url")
    if not url:
        return _text(settings, "method")
    try:
        path = urlsplit(url).path or urlsplit(url).netloc
    except ValueError:
        path = url
    return f"{settings.get('method', 'GET')} {path}"


@dataclass(frozen=True, slots=True)
class _Line:
    rule: Callable[[Mapping[str, object]], str]
    settings: tuple[str, ...]

    def read(self, settings: Mapping[str, object]) -> str:
        return self.rule({name: settings[name] for name in self.settings if name in settings})


_FOOTER = ("model", "temperature")
_LINES = {
    "sensor": _Line(_sensor, ("source", "interval_ms")),
    "skill": _Line(_skill, ("name", "retry_count")),
    "memory": _Line(_memory, ("type",)),
    "decision": _Line(_decision, ("expression",)),
    "loop": _Line(_loop, ("type", "max_iterations")),
    "transform": _Line(_transform, ("type",)),
    "input": _Line(_input, ("type", "fields")),
    "output": _Line(_output, ("type", "destinations", "file_path", "webhook_url")),
    "api": _Line(_api, ("method", "url")),
}


def _text(settings: Mapping[str, object], name: str) -> str:
    value = settings.get(name)
    return value if isinstance(value, str) else ""


def _choice(kind: str, name: str, settings: Mapping[str, object]) -> str:
    value = settings.get(name)
    return next((choice_title(title) for choice, title in KINDS[kind].by_name[name].choices if choice == value), "")


def _duration(milliseconds: int) -> str:
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds} ms"
