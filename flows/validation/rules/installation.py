"""What depends on where the flow runs: providers, models, secrets, databases, files, languages and sources."""

from collections.abc import Iterator, Mapping

from flows.document import KINDS, EditNode, Node, applies
from flows.validation.installation import Installation
from flows.validation.problem import Code, Problem, of_node
from flows.validation.scene import is_active
from flows.validation.secrets import named_secret, secrets_inside


def agent_can_ask(node: Node, installation: Installation) -> Iterator[Problem]:
    """A provider and a model that are set are offered; left at their defaults they are no problem."""
    if node.kind != "agent" or not is_active(node):
        return
    provider, model = node.settings.get("provider"), node.settings.get("model")
    if provider and installation.providers is not None and provider not in installation.providers:
        yield of_node(Code.UNKNOWN_PROVIDER, node.id, "settings", "provider", provider=provider)
    offered = installation.models_of.get(str(provider), installation.models)
    if model and offered is not None and model not in offered:
        yield of_node(Code.UNKNOWN_MODEL, node.id, "settings", "model", model=model)


def tools_are_there(node: Node, installation: Installation) -> Iterator[Problem]:
    """The tool servers that a node may use are there."""
    names = node.settings.get("tools")
    if installation.tool_servers is None or not is_active(node) or not isinstance(names, (list, tuple)):
        return
    for name in names:
        if isinstance(name, str) and name not in installation.tool_servers:
            fix = EditNode(node.id, {"settings": {"tools": [one for one in names if one != name] or None}})
            yield of_node(Code.UNKNOWN_TOOL_SERVER, node.id, "settings", "tools", fix=fix, server=name)


def worker_is_there(node: Node, installation: Installation) -> Iterator[Problem]:
    """A worker that lives now has each label that a node asks for; otherwise its task would wait."""
    labels = node.settings.get("runs_on")
    if installation.labels is None or not is_active(node) or not isinstance(labels, (list, tuple)):
        return
    for label in labels:
        if isinstance(label, str) and label not in installation.labels:
            yield of_node(Code.NO_WORKER, node.id, "settings", "runs_on", label=label, name=node.label)


def secret_exists(node: Node, installation: Installation) -> Iterator[Problem]:
    """The secrets that a call or its parts name, and the one that senders sign with, are there."""
    if installation.secrets is None or not is_active(node):
        return
    kind, name = KINDS[node.kind], named_secret(node.settings)
    setting = kind.setting("secret")
    if name and setting and applies(kind, setting, node.settings) and name not in installation.secrets:
        yield of_node(Code.UNKNOWN_SECRET, node.id, "settings", "secret", secret=name)
    for place, inner in secrets_inside(node.kind, node.settings):
        if inner not in installation.secrets:
            yield of_node(Code.UNKNOWN_SECRET, node.id, "settings", *place, secret=inner)


def language_is_offered(node: Node, installation: Installation) -> Iterator[Problem]:
    """A decision's condition is in a language that is spoken here."""
    language = node.settings.get("language", "")
    if node.kind == "decision" and is_active(node) and str(language).lower() not in installation.languages:
        fix = EditNode(node.id, {"settings": {"language": None}})
        yield of_node(Code.LANGUAGE_NOT_OFFERED, node.id, "settings", "language", fix=fix, language=language)


def source_is_offered(node: Node, installation: Installation) -> Iterator[Problem]:
    """A sensor can listen to its source, and a database that it reads is there."""
    if node.kind != "sensor" or not is_active(node):
        return
    source = node.settings.get("source", "webhook")
    place = "database" if node.settings.get("database") else "endpoint"
    database = node.settings.get(place)
    if source not in installation.sources:
        setting = KINDS["sensor"].by_name["source"]
        title = next((title for value, title in setting.choices if value == source), source)
        yield of_node(Code.SOURCE_NOT_OFFERED, node.id, "settings", "source", source=title)
    elif source == "database" and installation.databases is not None and database not in installation.databases:
        yield of_node(Code.UNKNOWN_DATABASE, node.id, "settings", place, database=database or "")


def files_have_a_folder(node: Node, installation: Installation) -> Iterator[Problem]:
    """Files are read and written only where there is a folder for them."""
    if not is_active(node) or installation.has_files_folder is not False:
        return
    if place := _place_of_file(node):
        yield of_node(Code.NO_FILES_FOLDER, node.id, "settings", place)


def _place_of_file(node: Node) -> str | None:
    """Return the setting by which a node needs files, or None."""
    settings = node.settings
    if node.kind == "sensor":
        return "source" if settings.get("source") == "file" else None
    if node.kind != "output":
        return None
    if settings.get("type") == "file" or settings.get("file_path"):
        return "type"
    given = settings.get("destinations")
    destinations = given if isinstance(given, (list, tuple)) else [given]
    return "destinations" if any(map(_is_file, destinations)) else None


def _is_file(destination: object) -> bool:
    return isinstance(destination, Mapping) and bool(
        destination.get("file") or (destination.get("channel") == "file" and destination.get("target"))
    )
