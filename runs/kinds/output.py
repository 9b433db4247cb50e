"""The kind `output`: what a run gives, and where it is delivered to. Pure: deliveries are values, others make them.

`structured` is the value that came in, or the JSON that the template writes; `text`, `file` and `stream` are texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flows.expressions import Json
from runs.kinds.executor import Done
from runs.kinds.formats import json_of, text_of
from runs.kinds.texts import Names, filled, filled_json, text_setting
from runs.plan import Step


@dataclass(frozen=True, slots=True)
class OutputDelivery:
    """One place that a value goes to: `target` is a URL, a path below the folder for files, or a destination as set."""

    channel: Literal["webhook", "file", "destination"]
    target: Json
    value: Json


def value_of(step: Step, names: Names, prev: Json) -> Done:
    """Return the output's value. Raises `TaskFailure` ("expression", "invalid_output")."""
    template = text_setting(step.settings, "format_template")
    if output_type(step) == "structured":
        return Done(json_of(filled(template, names), "invalid_output") if template else prev)
    return Done(filled(template, names) if template else _joined(step, prev))


def output_type(step: Step) -> str:
    """Return "structured", "text", "file" or "stream"."""
    return text_setting(step.settings, "type", "structured")


def deliveries_of(step: Step, names: Names, value: Json) -> tuple[OutputDelivery, ...]:
    """Return where a value goes to. Raises `TaskFailure` ("expression") for an address that cannot be filled in."""
    return tuple(_deliveries(step, names, value))


def _deliveries(step: Step, names: Names, value: Json) -> Iterator[OutputDelivery]:
    if path := text_setting(step.settings, "file_path"):
        yield OutputDelivery("file", filled(path, names), value)
    if url := text_setting(step.settings, "webhook_url"):
        yield OutputDelivery("webhook", filled(url, names), value)
    destinations = step.settings.get("destinations")
    for one in destinations if isinstance(destinations, (list, tuple)) else [destinations] if destinations else []:
        yield OutputDelivery("destination", filled_json(one, names), value)


def _joined(step: Step, prev: Json) -> str:
    if output_type(step) == "stream" and isinstance(prev, list):
        return "\n".join(map(text_of, prev))
    return text_of(prev)
