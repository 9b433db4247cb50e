"""Every action there is: those that come with the product, then those of plug-ins.

A plug-in is a Python package with entry points in the group `helix.actions`; each names an `Action` or a sequence of
them. One that cannot be loaded, is no action, or has the id of another is logged and left out: nothing else suffers.
They are looked for once in a process.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

import structlog
from django.utils.translation import gettext, pgettext

from flows.actions.action import Action
from flows.actions.arranging import AUTO_LAYOUT
from flows.actions.changing import DISABLE_BRANCH, EXPLAIN, REVERSE_EDGE, TIDY_NAMES
from flows.actions.growing import BRANCH_OUT, DUPLICATE_BRANCH, GENERATE_CHILDREN, INSERT_ERROR_PATH
from flows.actions.wrapping import EXTRACT_GROUP, WRAP_IN_LOOP
from flows.document import KINDS, Setting

GROUP = "helix.actions"
OURS = (
    AUTO_LAYOUT,
    GENERATE_CHILDREN,
    BRANCH_OUT,
    WRAP_IN_LOOP,
    INSERT_ERROR_PATH,
    EXTRACT_GROUP,
    DUPLICATE_BRANCH,
    DISABLE_BRANCH,
    REVERSE_EDGE,
    EXPLAIN,
    TIDY_NAMES,
)
MOST_TEXT = 500
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

log = structlog.get_logger(__name__)


def find(id: object) -> Action | None:
    """Return an action by its id, or None."""
    return actions().get(id) if isinstance(id, str) else None


@cache
def actions() -> Mapping[str, Action]:
    """Return all actions by their ids."""
    found = {action.id: action for action in OURS}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        for action in _loaded(entry):
            if action.id in found:
                log.error("action_left_out", entry=entry.value, action=action.id, reason="the id is taken")
            else:
                found[action.id] = action
    return found


def catalogue() -> list[dict[str, object]]:
    """Describe all actions for programs and pages, in the reader's language."""
    return [
        {
            "id": action.id,
            "title": gettext(action.title),
            "description": gettext(action.description),
            "on": action.on,
            "kinds": None if action.kinds is None else sorted(action.kinds),
            "parameters": [_parameter(parameter) for parameter in action.parameters],
            "long": action.long,
            "asks": action.asks,
            "may_be_empty": action.may_be_empty or action.on == "flow",
        }
        for action in actions().values()
    ]


def _parameter(parameter: Setting) -> dict[str, object]:
    default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    told: dict[str, object] = {"name": parameter.name, "title": gettext(parameter.title), "type": parameter.type}
    told["default"] = default
    if parameter.choices:
        told["choices"] = [value for value, _title in parameter.choices]
        told["choice_titles"] = [_choice(value, title) for value, title in parameter.choices]
    bounds = {"minimum": parameter.minimum, "maximum": parameter.maximum}
    return told | {name: bound for name, bound in bounds.items() if bound is not None}


def _choice(value: str, title: str) -> str:
    return pgettext("node kind", title) if value in KINDS else gettext(title)


def _loaded(entry: EntryPoint) -> Iterator[Action]:
    """Yield the actions of an entry point that are ones; whatever goes wrong is logged."""
    try:
        value = entry.load()
        found = [value] if isinstance(value, Action) else list(value) if isinstance(value, Iterable) else []
    except Exception:
        log.exception("action_left_out", entry=entry.value)
        return
    if not found:
        log.error("action_left_out", entry=entry.value, reason="it names no action")
    for action in found:
        if (reason := _fault(action)) is None:
            yield action
        else:
            log.error("action_left_out", entry=entry.value, reason=reason)


def _fault(action: object) -> str | None:  # noqa: PLR0911  (one for each fault)
    """Say why a value is no action that can be offered."""
    if not isinstance(action, Action):
        return "not an Action"
    if not isinstance(action.id, str) or _ID.fullmatch(action.id) is None:
        return "the id must be 1 to 64 of the characters a-z 0-9 -"
    if not isinstance(action.parameters, tuple) or not isinstance(action.kinds, frozenset | None):
        return "its parameters are no tuple, or its kinds neither a frozenset nor None"
    texts = [action.title, action.description, *(one.title for one in action.parameters if isinstance(one, Setting))]
    if not all(isinstance(text, str) and len(text) <= MOST_TEXT for text in texts):
        return f"titles and descriptions are texts of at most {MOST_TEXT} characters"
    if action.on not in ("node", "selection", "flow"):
        return "it is on a node, a selection or the flow"
    if action.kinds is not None and not action.kinds <= KINDS.keys():
        return "it names a kind that there is not"
    if not callable(action.compute) or not all(isinstance(one, Setting) for one in action.parameters):
        return "it has no function, or a parameter that is none"
    return None
