"""What a node holds: settings that are there, fit the catalogue and can be read."""

from collections.abc import Iterator, Mapping
from functools import cache

import jsonschema_rs

from flows.document import KINDS, EditNode, Node, Rejected
from flows.document.kinds.settings import check_setting
from flows.validation.installation import Installation
from flows.validation.problem import Code, Problem, of_node
from flows.validation.scene import is_active
from flows.validation.texts import judged, texts_of

SCHEMAS: Mapping[str, tuple[str, ...]] = {
    "agent": ("output_schema",),
    "skill": ("input_schema", "output_schema"),
    "transform": ("validation_schema",),
}
_DRAFTS = {
    "https://json-schema.org/draft/2020-12/schema": jsonschema_rs.Draft202012Validator,
    "https://json-schema.org/draft/2019-09/schema": jsonschema_rs.Draft201909Validator,
    "http://json-schema.org/draft-07/schema": jsonschema_rs.Draft7Validator,
    "http://json-schema.org/draft-06/schema": jsonschema_rs.Draft6Validator,
    "http://json-schema.org/draft-04/schema": jsonschema_rs.Draft4Validator,
}
_USUAL = next(iter(_DRAFTS))


def settings_fit(node: Node, _: Installation) -> Iterator[Problem]:
    """Each setting is one of its kind, of the right type and within its bounds; an older catalogue allowed others."""
    known = KINDS[node.kind].by_name
    for name, value in node.settings.items():
        if name == IMPORTED:
            continue
        fix = None if name in required(node) else EditNode(node.id, {"settings": {name: None}})
        if name not in known:
            yield of_node(Code.UNKNOWN_SETTING, node.id, "settings", name, fix=fix, setting=name)
            continue
        try:
            check_setting(known[name], value)
        except Rejected as refusal:
            yield of_node(Code.BAD_SETTING, node.id, "settings", name, fix=fix, setting=name, why=refusal)


def settings_are_there(node: Node, _: Installation) -> Iterator[Problem]:
    """What a node cannot run without is set. A provider and a model have defaults."""
    if is_active(node):
        for name in required(node):
            value = node.settings.get(name)
            if value is None or (isinstance(value, str) and not value.strip()):
                yield of_node(Code.MISSING_SETTING, node.id, "settings", name, setting=name)


def expressions_parse(node: Node, _: Installation) -> Iterator[Problem]:
    """Conditions, templates and paths can be read."""
    for text in texts_of(node):
        wrong, _references, _names = judged(text.text, text.language)
        if wrong is not None:
            yield of_node(Code.BAD_EXPRESSION, node.id, *text.names, setting=text.names[1], why=wrong)


def schemas_are_ones(node: Node, _: Installation) -> Iterator[Problem]:
    """JSON Schemas are valid ones."""
    for name in SCHEMAS.get(node.kind, ()):
        value = node.settings.get(name)
        if value is not None and (why := why_no_schema(value)):
            fix = EditNode(node.id, {"settings": {name: None}})
            yield of_node(Code.BAD_SCHEMA, node.id, "settings", name, fix=fix, setting=name, why=why)


def default_branch_exists(node: Node, _: Installation) -> Iterator[Problem]:
    """A decision's default branch is one of its branches."""
    name = node.settings.get("default_branch")
    branches = node.settings.get("branches")
    if node.kind == "decision" and name and name != "default" and name not in (branches or ()):  # type: ignore[operator]
        fix = EditNode(node.id, {"settings": {"default_branch": None}})
        yield of_node(Code.UNKNOWN_DEFAULT_BRANCH, node.id, "settings", "default_branch", fix=fix, branch=name)


def required(node: Node) -> Iterator[str]:
    """Yield the settings that a node cannot run without."""
    settings = node.settings
    match node.kind:
        case "api":
            yield "url"
            if settings.get("auth", "none") != "none":
                yield "secret"
        case "decision":
            yield "expression"
        case "skill":
            yield "code"
        case "loop" if settings.get("type") == "until":
            yield "break_condition"
        case "loop" if settings.get("type") == "while" and not settings.get("iterate_over"):
            yield "break_condition"
        case "sensor":
            for name in _OF_SOURCES.get(str(settings.get("source", "webhook")), ()):
                if name not in _ONCE_ENDPOINT or not settings.get("endpoint"):
                    yield name
        case "output" if settings.get("type") == "file":
            yield "file_path"


def why_no_schema(value: object) -> str:
    """Say in English what is wrong with a JSON Schema; nothing if it is one. Nothing is ever fetched."""
    if not isinstance(value, (dict, bool)):
        return "must be an object or a boolean"
    given = value if isinstance(value, dict) else {}
    meta = given.get("$schema", _USUAL)
    if not isinstance(meta, str) or meta.rstrip("#") not in _DRAFTS:
        return f"$schema: one of {', '.join(_DRAFTS)}"
    try:
        error = next(_validator(meta.rstrip("#")).iter_errors(value), None)
    except UnicodeEncodeError:
        return "contains a character that cannot be stored"
    return "" if error is None else f"/{'/'.join(map(str, error.instance_path))}: {error.message}"[:300]


@cache
def _validator(meta: str) -> jsonschema_rs.Validator:
    """Return what judges schemas of one draft: 1 MiB each, made when first needed."""
    return _DRAFTS[meta]({"$ref": meta})


_OF_SOURCES: Mapping[str, tuple[str, ...]] = {
    "polling": ("endpoint",),
    "pubsub": ("endpoint",),
    "schedule": ("cron",),
    "file": ("pattern",),
    "database": ("database", "query", "cursor"),
}
_ONCE_ENDPOINT = ("pattern", "database")
"""What an endpoint meant before there were settings for it; it still does."""
IMPORTED = "imported"
"""What an import could not express; kept for the way back, and ignored here."""
