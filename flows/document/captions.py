"""What a node says about itself below its label: what it will do, in a few words, from its settings."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from flows.document.elements import Node
from flows.document.kinds import KINDS

FOOTER_HEIGHT = 80


def second_line(node: Node) -> str:
    """Say what the node will do, or else its kind. A disabled node says that it is off."""
    if not node.enabled:
        return "Off"
    return _LINES.get(node.kind, _nothing)(node.settings) or KINDS[node.kind].title


def footer(node: Node) -> tuple[str, str] | None:
    """Return what stands left and right at the foot of an agent that is high enough, else None."""
    if node.kind != "agent" or node.height < FOOTER_HEIGHT:
        return None
    temperature = node.settings.get("temperature", KINDS["agent"].by_name["temperature"].default)
    return str(node.settings.get("model") or "No model yet"), str(temperature)


def _nothing(settings: Mapping[str, object]) -> str:
    return ""


def _sensor(settings: Mapping[str, object]) -> str:
    interval = settings.get("interval_ms")
    if settings.get("source") == "polling" and isinstance(interval, int) and interval > 0:
        return f"Every {_duration(interval)}"
    return _choice("sensor", "source", settings)


def _skill(settings: Mapping[str, object]) -> str:
    retries = settings.get("retry_count")
    return f"Retry {retries}×" if retries else _text(settings, "name")


def _memory(settings: Mapping[str, object]) -> str:
    return _choice("memory", "type", settings)


def _decision(settings: Mapping[str, object]) -> str:
    expression = _text(settings, "expression").strip()
    return f"By {expression}" if expression.isidentifier() else expression.partition("\n")[0]


def _loop(settings: Mapping[str, object]) -> str:
    most = settings.get("max_iterations")
    return f"At most {most}" if most else _choice("loop", "type", settings)


def _transform(settings: Mapping[str, object]) -> str:
    return _choice("transform", "type", settings)


def _input(settings: Mapping[str, object]) -> str:
    fields = settings.get("fields")
    if isinstance(fields, (list, dict)) and fields:
        return "1 field" if len(fields) == 1 else f"{len(fields)} fields"
    return _choice("input", "type", settings)


def _output(settings: Mapping[str, object]) -> str:
    if _text(settings, "webhook_url"):
        return "Webhook"
    destinations = settings.get("destinations")
    if isinstance(destinations, list) and destinations and isinstance(destinations[0], str):
        return destinations[0] if len(destinations) == 1 else f"{len(destinations)} destinations"
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


_LINES = {
    "sensor": _sensor,
    "skill": _skill,
    "memory": _memory,
    "decision": _decision,
    "loop": _loop,
    "transform": _transform,
    "input": _input,
    "output": _output,
    "api": _api,
}


def _text(settings: Mapping[str, object], name: str) -> str:
    value = settings.get(name)
    return value if isinstance(value, str) else ""


def _choice(kind: str, name: str, settings: Mapping[str, object]) -> str:
    value = settings.get(name)
    return next((title for choice, title in KINDS[kind].by_name[name].choices if choice == value), "")


def _duration(milliseconds: int) -> str:
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds} ms"
